// Package modelfile reads models from the files that people have, and writes such files: package kerasio knows the bytes, package
// layout which array is which weight, and keras the layers.
package modelfile
