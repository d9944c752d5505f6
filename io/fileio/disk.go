package fileio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/beamfit/beamfit/io/fileio/internal/nofollow"
	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// A disk does everything that a store does in its folder. It follows no symbolic link below the folder; what it makes has the
// store's mode. Tests set before to fail or to stop at any one change.
type disk struct {
	root   nofollow.Root
	before func(op, path string) error
}

func (d disk) may(op, path string) error {
	if d.before == nil {
		return nil
	}
	return d.before(op, path)
}

func (d disk) mkdir(path string) error { return d.mkdirMode(path, d.mode()) }

// mkdirMode makes a folder unless it is there. Anything else in its place is an error.
func (d disk) mkdirMode(path string, mode os.FileMode) error {
	f, err := d.root.OpenDir(path)
	if err == nil {
		return oserr.Named(f.Close())
	}
	if !errors.Is(err, os.ErrNotExist) {
		return oserr.Named(err)
	}
	if err := d.may("mkdir", path); err != nil {
		return err
	}
	if err := d.root.Mkdir(path, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return oserr.Named(err)
	}
	return nil
}

// mkdirRoot makes the store's folder, and those it lies in, unless it is there.
func (d disk) mkdirRoot(mode os.FileMode) error {
	root := string(d.root)
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		return nil
	}
	if err := d.may("mkdir", root); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o777); err != nil {
		return oserr.Named(err)
	}
	if err := os.Mkdir(root, mode.Perm()); errors.Is(err, os.ErrExist) {
		return nil
	} else if err != nil {
		return oserr.Named(err)
	}
	f, err := d.open(root)
	if err != nil {
		return err
	}
	return oserr.Named(errors.Join(nofollow.SetMode(f, mode), f.Close()))
}

func (d disk) rename(from, to string) error {
	if err := d.may("rename", to); err != nil {
		return err
	}
	return oserr.Named(d.root.Rename(from, to))
}

func (d disk) removeAll(path string) error {
	if err := d.may("remove", path); err != nil {
		return err
	}
	return oserr.Named(d.root.RemoveAll(path))
}

// removeEmpty removes a folder if nothing is in it.
func (d disk) removeEmpty(path string) {
	if d.may("remove", path) == nil {
		_ = d.root.RemoveEmpty(path)
	}
}

// A file is a new file being written.
type file struct {
	f    *os.File
	disk disk
}

// create makes a new file in the place of one that a process left there when it was killed.
func (d disk) create(path string) (*file, error) {
	if err := d.may("create", path); err != nil {
		return nil, err
	}
	f, err := d.fresh(path)
	if errors.Is(err, os.ErrExist) {
		old, e := d.open(path) // not a link
		if e != nil {
			return nil, e
		}
		if err = errors.Join(old.Close(), d.root.RemoveAll(path)); err == nil {
			f, err = d.fresh(path)
		}
	}
	if err != nil {
		return nil, oserr.Named(err)
	}
	return &file{f, d}, nil
}

// fresh makes a file that was not there.
func (d disk) fresh(path string) (*os.File, error) { return d.freshMode(path, d.mode()&0o666) }

func (d disk) freshMode(path string, mode os.FileMode) (*os.File, error) {
	f, err := d.root.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	if err := nofollow.SetMode(f, mode); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
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

// newSuffix ends the name of a file that is going to replace another.
const newSuffix = ".new"

// replace puts data into the file at path: a reader sees the old content or the new, never a part of it. It is durable
// when the folder has been synced.
func (d disk) replace(path string, data []byte) error { return d.put(path, data, true) }

// swap is replace for what need not be durable.
func (d disk) swap(path string, data []byte) error { return d.put(path, data, false) }

func (d disk) put(path string, data []byte, durable bool) error {
	next := path + newSuffix
	f, err := d.create(next)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && durable {
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
	f, err := d.open(path)
	if err != nil {
		return err
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

// open opens a file or folder for reading.
func (d disk) open(path string) (*os.File, error) {
	f, err := d.root.OpenFile(path, os.O_RDONLY, 0)
	return f, oserr.Named(err)
}

// stat describes a file.
func (d disk) stat(path string) (fs.FileInfo, error) {
	f, err := d.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	return info, oserr.Named(err)
}

// readSmall reads a whole file of at most maxSmallFile bytes.
func (d disk) readSmall(path string) ([]byte, error) {
	f, err := d.open(path)
	if err != nil {
		return nil, err
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

// exists reports whether there is anything at path, or the system does not say: what cannot be seen is never taken for gone.
func (d disk) exists(path string) bool { return !errors.Is(d.root.Lstat(path), os.ErrNotExist) }

func (d disk) readDir(path string) ([]fs.DirEntry, error) {
	entries, err := d.root.ReadDir(path)
	return entries, oserr.Named(err)
}

// subfolders names the folders in a folder; none when it does not exist.
func (d disk) subfolders(path string) ([]string, error) {
	entries, err := d.readDir(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
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
