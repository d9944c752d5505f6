package tables

import "github.com/beamfit/beamfit/io/table"

// GPUSchema is that of the table of GPUs: MADlib's.
var GPUSchema = table.Schema{{Name: "hostname", Type: table.TextType}, {Name: "gpu_descr", Type: table.TextType}}
