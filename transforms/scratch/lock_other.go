//go:build !unix

package scratch

import (
	"errors"
	"os"
)

func tryLock(*os.File) (bool, error) {
	return false, errors.New("this system has no file locks that beamfit knows")
}

func mine(os.FileInfo) bool { return false }
