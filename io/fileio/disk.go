package fileio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/beamfit/beamfit/io/fileio/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// A disk makes every change that a store makes to its folder. Tests set before to fail or to stop at any one of them.
type disk struct {
	before func(op, path string) error
}

func (d disk) may(op, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(op, path)
}

func (d disk) mkdir(path string) error {
	if err := d.may("mkdir", path); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return oserr.Named(err)
	}
	return nil
}

func (d disk) mkdirAll(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := d.may("mkdir", path); err != nil {
		return err
	}
	return oserr.Named(os.MkdirAll(path, 0o777))
}

func (d disk) rename(from, to string) error {
	if err := d.may("rename", to); err != nil {
		return err
	}
	return oserr.Named(os.Rename(from, to))
}

func (d disk) removeAll(path string) error {
	if err := d.may("remove", path); err != nil {
		return err
	}
	return oserr.Named(os.RemoveAll(path))
}

// removeEmpty removes a folder if nothing is in it.
func (d disk) removeEmpty(path string) {
	if d.may("remove", path) == nil {
		_ = syscall.Rmdir(path)
	}
}

// A file is a new file being written.
type file struct {
	f    *os.File
	disk disk
}

func (d disk) create(path string) (*file, error) {
	if err := d.may("create", path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, oserr.Named(err)
	}
	return &file{f, d}, nil
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.disk.may("write", f.f.Name()); err != nil {
		return 0, err
	}
	n, err := f.f.Write(p)
	return n, oserr.Named(err)
}

// sync makes what was written durable.
func (f *file) sync() error {
	if err := f.disk.may("sync", f.f.Name()); err != nil {
		return err
	}
	return oserr.Named(f.f.Sync())
}

func (f *file) close() error { return oserr.Named(f.f.Close()) }

// replace puts data into the file at path: a reader sees the old content or the new, never a part of it. It is durable
// when the folder has been synced.
func (d disk) replace(path string, data []byte) error {
	next := path + ".new"
	f, err := d.create(next)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.sync()
	}
	if e := f.close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.rename(next, path)
	}
	if err != nil {
		_ = d.removeAll(next)
	}
	return err
}

// syncDir makes the names in a folder durable. File systems that cannot are trusted.
func (d disk) syncDir(path string) error {
	if err := d.may("sync", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return oserr.Named(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return oserr.Named(err)
	}
	return nil
}

// corrupt is an error about a file that is not what the store wrote.
func corrupt(path, format string, args ...any) error {
	return fmt.Errorf("file %s: %w: %w", path, table.ErrCorrupt, fmt.Errorf(format, args...))
}

// maxSmallFile bounds the catalogue, manifests and records, which are read whole.
const maxSmallFile = 256 << 20

// readSmall reads a whole file of at most maxSmallFile bytes.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, oserr.Named(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSmallFile+1))
	if err != nil {
		return nil, oserr.Named(err)
	}
	if len(data) > maxSmallFile {
		return nil, corrupt(path, "larger than %d bytes", maxSmallFile)
	}
	return data, nil
}

// exists reports whether there is a file or folder at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// subfolders names the folders in a folder; none when it does not exist.
func subfolders(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, oserr.Named(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// inside reports whether name is a plain name of something in a folder, so that joining it stays in the folder.
func inside(name string) bool {
	return name != "" && name[0] != '.' && filepath.Base(name) == name
}
