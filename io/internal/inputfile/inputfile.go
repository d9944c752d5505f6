// Package inputfile opens the files that a user names to be read.
//
// A regular file or a pipe is opened, a folder, a device or a socket refused. A pipe that nobody writes to is not waited for: it
// is empty. Every error names the file.
package inputfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/beamfit/beamfit/io/internal/oserr"
)

var (
	errFolder = fmt.Errorf("%w; a file is needed", syscall.EISDIR)
	errDevice = errors.New("it is a device or socket; a file or pipe is needed")
	errPipe   = errors.New("it is a pipe; a file is needed, which can be read in any order")
)

// Open opens a file or pipe.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, oserr.Named(err)
	}
	info, err := f.Stat()
	if err == nil {
		switch mode := info.Mode(); {
		case mode.IsDir():
			err = errFolder
		case !mode.IsRegular() && mode&fs.ModeNamedPipe == 0:
			err = errDevice
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: oserr.Named(err)}
	}
	return f, nil
}

// OpenRegular opens a file that is to be read in any order.
func OpenRegular(path string) (*os.File, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.Join(errPipe, err)}
	}
	return f, nil
}
