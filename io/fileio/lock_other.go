//go:build !unix

package fileio

import (
	"errors"
	"os"
)

func tryFlock(f *os.File, exclusive bool) (bool, error) {
	return false, &os.PathError{Op: "flock", Path: f.Name(), Err: errors.New("the folder store needs a Unix system")}
}
