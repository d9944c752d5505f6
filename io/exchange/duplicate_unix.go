//go:build unix

package exchange

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// duplicate opens descriptor n of this process once more: both write at the same place. It must be open for writing.
func duplicate(n int, path string) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "fcntl", Path: path, Err: err}
	}
	if mode := flags & unix.O_ACCMODE; mode != unix.O_WRONLY && mode != unix.O_RDWR {
		return nil, fmt.Errorf("descriptor %d is not open for writing", n)
	}
	again, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "dup", Path: path, Err: err}
	}
	return os.NewFile(uintptr(again), path), nil
}
