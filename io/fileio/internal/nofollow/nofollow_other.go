//go:build !unix

package nofollow

import (
	"errors"
	"io/fs"
	"os"
)

func refuse(op, path string) error {
	return &os.PathError{Op: op, Path: path, Err: errors.New("the folder store needs a Unix system")}
}

func (r Root) OpenFile(path string, _ int, _ os.FileMode) (*os.File, error) {
	return nil, refuse("open", path)
}

func (r Root) OpenDir(path string) (*os.File, error) { return nil, refuse("open", path) }
func (r Root) Lstat(path string) error               { return refuse("lstat", path) }

func (r Root) Mkdir(path string, _ os.FileMode) error { return refuse("mkdir", path) }

func (r Root) Rename(_, to string) error { return refuse("rename", to) }

func (r Root) RemoveEmpty(path string) error { return refuse("remove", path) }

func (r Root) RemoveAll(path string) error { return refuse("remove", path) }

func (r Root) ReadDir(path string) ([]fs.DirEntry, error) { return nil, refuse("open", path) }

// SetMode gives an open file or folder a mode.
func SetMode(f *os.File, _ os.FileMode) error { return refuse("chmod", f.Name()) }
