package kernels

import (
	_ "embed" // the kernels
	"regexp"
	"strings"
)

// PTX is the module of all kernels, for compute capability 7.0 and later.
//
//go:embed kernels.ptx
var PTX string

// entry and parameter are how PTX declares a kernel and each of its parameters.
var (
	entry     = regexp.MustCompile(`\.entry (\w+)\(([^)]*)\)`)
	parameter = regexp.MustCompile(`\.param \.[a-z](\d+)`)
)

// Params are the sizes of a kernel's parameters in bytes; ok is false where there is no such kernel.
func Params(kernel string) (sizes []int, ok bool) {
	at := strings.Index(PTX, ".entry "+kernel+"(")
	if at < 0 {
		return nil, false
	}
	declared := entry.FindStringSubmatch(PTX[at:])
	for _, p := range parameter.FindAllStringSubmatch(declared[2], -1) {
		switch p[1] {
		case "64":
			sizes = append(sizes, 8)
		default:
			sizes = append(sizes, 4)
		}
	}
	return sizes, true
}

// Names are those of all kernels, in the order of the PTX.
func Names() (names []string) {
	for _, m := range entry.FindAllStringSubmatch(PTX, -1) {
		names = append(names, m[1])
	}
	return names
}
