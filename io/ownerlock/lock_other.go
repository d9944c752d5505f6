//go:build !unix

package ownerlock

import (
	"errors"
	"os"
)

// TryLock is an error: there are no locks here.
func TryLock(f *os.File, _ bool) (bool, error) {
	return false, &os.PathError{Op: "flock", Path: f.Name(), Err: errors.ErrUnsupported}
}

// Mine reports whether a file belongs to the user of this process.
func Mine(os.FileInfo) bool { return false }
