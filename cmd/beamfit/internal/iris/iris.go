// Package iris holds the input files of the quickstart, from the example of Apache MADlib's page on deep learning: Fisher's
// 150 irises and two Keras models for them.
package iris

import "embed"

// Files are the input files:
//
//	iris.csv            columns id, attributes (an array of four lengths in cm) and class_text
//	iris_mlp.json       4-10-10-3 network, all layers trained
//	iris_transfer.json  the same network with its first layer frozen
//
//go:embed iris.csv iris_mlp.json iris_transfer.json
var Files embed.FS
