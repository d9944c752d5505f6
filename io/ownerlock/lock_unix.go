//go:build unix

package ownerlock

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// tryLock locks an open file if no other open file has it. Its error is errors.ErrUnsupported where there are no locks.
func tryLock(f *os.File) (bool, error) {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOLCK): // as a network's file system without its lock service
			return false, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		default:
			return false, err
		}
	}
}

// Mine reports whether a file belongs to the user of this process.
func Mine(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
