package ownerlock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// unnamed makes a file that never has a name. Its error is errors.ErrUnsupported where the file system or the kernel has none.
func unnamed(folder string) (*os.File, error) {
	for {
		fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), folder), nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EISDIR), errors.Is(err, unix.EINVAL): // of kernels and file systems that do not know the flag
			err = fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
		return nil, &os.PathError{Op: "open", Path: folder, Err: err}
	}
}
