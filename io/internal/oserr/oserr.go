// Package oserr gives errors of the operating system the names that callers of io/table ask for.
//
// A full disk or quota is table.ErrFull, a missing right or a read-only file system table.ErrPermission; every other error stays as it is, and every message does.
package oserr

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/beamfit/beamfit/io/table"
)

// Named makes err one of table.ErrFull and table.ErrPermission where it is one. The message, which has the path, stays.
func Named(err error) error {
	switch {
	case err == nil, errors.Is(err, table.ErrFull), errors.Is(err, table.ErrPermission):
		return err
	case table.IsFull(err):
		return fmt.Errorf("%w: %w", table.ErrFull, err)
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", table.ErrPermission, err)
	}
	return err
}
