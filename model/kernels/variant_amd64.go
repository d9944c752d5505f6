//go:build amd64 && !noasm

package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// available lists the variants that the CPU runs, from worst to best.
func available() []variant {
	v := []variant{variantGo}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2 {
		v = append(v, variantAVX2)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			v = append(v, variantAVX512)
		}
	}
	return v
}

// ptr is the address of the first element, also of an empty slice. Assembly takes lengths and addresses; the exported
// functions have checked the lengths.
func ptr(x []float32) *float32 { return unsafe.SliceData(x) }
