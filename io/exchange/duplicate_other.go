//go:build !unix

package exchange

import (
	"errors"
	"os"
)

// duplicate has nothing to open: descriptors have names on Unix systems alone.
func duplicate(_ int, path string) (*os.File, error) {
	return nil, &os.PathError{Op: "dup", Path: path, Err: errors.ErrUnsupported}
}
