package kernels

import "embed"

// Sources are the kernels' files, for those who compile them: tests, and the script that makes the PTX.
//
//go:embed *.cu *.h
var Sources embed.FS
