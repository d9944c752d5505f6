package cpu

import (
	"fmt"
	"unsafe"

	"github.com/beamfit/beamfit/model/plan"
)

// MemoryOf is a memory whose spaces are arrays of the caller's, for devices that run some instructions on the CPU. Each begins at a multiple
// of 64 bytes.
func MemoryOf(spaces [len(plan.Sizes{})][]float32) plan.Memory {
	for s, space := range spaces {
		if off := uintptr(unsafe.Pointer(unsafe.SliceData(space))) % (4 * alignment); len(space) > 0 && off != 0 {
			panic(fmt.Sprintf("cpu: space %v begins %d bytes behind a multiple of 64", plan.Space(s), off))
		}
	}
	return &memory{spaces}
}
