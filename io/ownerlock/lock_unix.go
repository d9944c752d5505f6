//go:build unix

package ownerlock

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// TryLock locks an open file, for this process alone or shared with others, if no other open file has a lock in its way. The system gives the
// lock back when the file is closed, also when the process is killed. The error is errors.ErrUnsupported where there are no locks.
func TryLock(f *os.File, exclusive bool) (bool, error) {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	for {
		err := unix.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ENOLCK): // as a network's file system without its lock service
			err = fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
		return false, &os.PathError{Op: "flock", Path: f.Name(), Err: err}
	}
}

// Mine reports whether a file belongs to the user of this process.
func Mine(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
