//go:build gpu

package cuda

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A reservation is addresses of the host. Those that are opened read as zeros and count as memory of the process; all others cannot be touched and count as none,
// so that there may be an arena's where the system promises no more memory than it has (vm.overcommit_memory=2).
type reservation struct {
	bytes  []byte
	opened [][2]int // from and to, in bytes
}

// newReservation is so many bytes of addresses, none of them open.
func newReservation(bytes int) (*reservation, error) {
	if bytes == 0 {
		return &reservation{}, nil
	}
	b, err := unix.Mmap(-1, 0, bytes, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	return &reservation{bytes: b}, err
}

func (r *reservation) base() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(r.bytes)) }

// open opens the pages of an array that lies in the reservation.
func (r *reservation) open(array []float32) error {
	from := int(uintptr(unsafe.Pointer(unsafe.SliceData(array))) - uintptr(r.base()))
	to := from + 4*len(array)
	for _, o := range r.opened {
		if o[0] <= from && to <= o[1] {
			return nil
		}
	}
	page := os.Getpagesize()
	from -= from % page
	to = min((to+page-1)/page*page, len(r.bytes))
	if err := unix.Mprotect(r.bytes[from:to], unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return err
	}
	r.opened = append(r.opened, [2]int{from, to})
	return nil
}

func (r *reservation) free() error {
	if len(r.bytes) == 0 {
		return nil
	}
	return unix.Munmap(r.bytes)
}
