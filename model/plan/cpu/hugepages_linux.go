package cpu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a large page of amd64 and, with pages of 4 kB, arm64, in bytes.
const hugePage = 1 << 21

// hugePages asks for large pages under memory that has not been touched yet: a step goes through more memory than a core can
// translate addresses of with small ones. It is advice: where the system does not take it, nothing is lost.
func hugePages(x []float32) {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(x))) % hugePage)
	if whole := (len(bytes) - skip) / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(bytes[skip:skip+whole], unix.MADV_HUGEPAGE)
	}
}
