package kernels

import (
	_ "embed" // the kernels
	"regexp"
	"strings"
	"sync"
)

// PTX is the module of all kernels but those for tensor cores, for compute capability 7.0 and later.
//
//go:embed kernels.ptx
var PTX string

// TensorPTX is the module of those, for compute capability 8.0 and later.
//
//go:embed tensor.ptx
var TensorPTX string

// entry and parameter are how PTX declares a kernel and each of its parameters.
var (
	entry     = regexp.MustCompile(`\.entry (\w+)\(`)
	parameter = regexp.MustCompile(`\.param \.[a-z](\d+)`)
)

// Params are the sizes of a kernel's parameters in bytes; ok is false where there is no such kernel.
func Params(kernel string) (sizes []int, ok bool) {
	_, declared, ok := strings.Cut(PTX, ".entry "+kernel+"(")
	if !ok {
		_, declared, ok = strings.Cut(TensorPTX, ".entry "+kernel+"(")
	}
	if !ok {
		return nil, false
	}
	declared, _, _ = strings.Cut(declared, ")")
	for _, p := range parameter.FindAllStringSubmatch(declared, -1) {
		switch p[1] {
		case "64":
			sizes = append(sizes, 8)
		default:
			sizes = append(sizes, 4)
		}
	}
	return sizes, true
}

// InTensorPTX says whether a kernel is of TensorPTX.
func InTensorPTX(kernel string) bool { return tensorNames()[kernel] }

var tensorNames = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, name := range names(TensorPTX) {
		set[name] = true
	}
	return set
})

// Names are those of all kernels, in the order of the modules.
func Names() []string { return append(names(PTX), names(TensorPTX)...) }

func names(ptx string) (names []string) {
	for _, m := range entry.FindAllStringSubmatch(ptx, -1) {
		names = append(names, m[1])
	}
	return names
}
