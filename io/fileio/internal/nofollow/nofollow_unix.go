//go:build unix

package nofollow

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A place is a name in an open folder.
type place struct {
	dir  *os.File
	name string // "." for the Root itself
	path string
}

func (p place) fd() int { return int(p.dir.Fd()) }

func (p place) fail(op string, err error) error {
	return &os.PathError{Op: op, Path: p.path, Err: err}
}

// at opens the folder that path lies in.
func (r Root) at(path string) (place, error) {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(string(r), "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return place{}, &os.PathError{Op: "open", Path: path, Err: errors.New("it is not below " + string(r))}
	}
	dir, err := os.Open(string(r))
	if err != nil {
		return place{}, err
	}
	p := place{dir, ".", string(r)}
	for name := range strings.SplitSeq(strings.Trim(rest, "/"), "/") {
		if name == "" {
			break // the Root itself
		}
		if p.name != "." {
			f, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
			_ = p.dir.Close()
			if err != nil {
				return place{}, err
			}
			p.dir = f
		}
		p.name, p.path = name, strings.TrimSuffix(p.path, "/")+"/"+name
	}
	return p, nil
}

// open opens the file or folder itself. It does not wait for the other end of a pipe.
func (p place) open(flag int, mode os.FileMode) (*os.File, error) {
	fd, err := again(func() (int, error) {
		return unix.Openat(p.fd(), p.name, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, uint32(mode.Perm()))
	})
	if err != nil {
		// What the system says of a link depends on the system and the flags.
		if st, e := p.lstat(); e == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
			err = ErrLink
		}
		return nil, p.fail("open", err)
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if kind := st.Mode & unix.S_IFMT; err == nil && kind != unix.S_IFREG && kind != unix.S_IFDIR {
		err = ErrKind
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, p.fail("open", err)
	}
	return os.NewFile(uintptr(fd), p.path), nil
}

func (p place) lstat() (st unix.Stat_t, err error) {
	_, err = again(func() (int, error) { return 0, unix.Fstatat(p.fd(), p.name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return st, err
}

// again repeats a call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// do calls fn for the place of path.
func (r Root) do(op, path string, fn func(p place) error) error {
	p, err := r.at(path)
	if err != nil {
		return err
	}
	defer p.dir.Close()
	if err := fn(p); err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			return err
		}
		return p.fail(op, err)
	}
	return nil
}

// OpenFile is os.OpenFile for a file or folder.
func (r Root) OpenFile(path string, flag int, mode os.FileMode) (f *os.File, err error) {
	err = r.do("open", path, func(p place) (err error) {
		f, err = p.open(flag, mode)
		return err
	})
	return f, err
}

// OpenDir opens a folder.
func (r Root) OpenDir(path string) (*os.File, error) {
	return r.OpenFile(path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
}

// Lstat returns the error of os.Lstat: nil where there is anything at path, a link included.
func (r Root) Lstat(path string) error {
	return r.do("lstat", path, func(p place) error {
		_, err := p.lstat()
		return err
	})
}

// Mkdir makes a folder that has exactly that mode, whatever the umask, on file systems that keep modes. An existing folder
// is os.ErrExist.
func (r Root) Mkdir(path string, mode os.FileMode) error {
	return r.do("mkdir", path, func(p place) error {
		if _, err := again(func() (int, error) { return 0, unix.Mkdirat(p.fd(), p.name, uint32(mode.Perm())) }); err != nil {
			return err
		}
		f, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return SetMode(f, mode)
	})
}

// SetMode gives an open file or folder a mode, on file systems that keep modes.
func SetMode(f *os.File, mode os.FileMode) error {
	info, err := f.Stat()
	const kept = os.ModePerm | os.ModeSetgid
	if err != nil || info.Mode()&kept == mode&kept {
		return err
	}
	if err := f.Chmod(mode); err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// Rename is os.Rename.
func (r Root) Rename(from, to string) error {
	return r.do("rename", from, func(a place) error {
		return r.do("rename", to, func(b place) error {
			_, err := again(func() (int, error) { return 0, unix.Renameat(a.fd(), a.name, b.fd(), b.name) })
			return err
		})
	})
}

// RemoveEmpty removes a folder if nothing is in it.
func (r Root) RemoveEmpty(path string) error {
	return r.do("remove", path, func(p place) error { return p.remove(unix.AT_REMOVEDIR) })
}

// RemoveAll removes what is at path, a link itself, a folder with all that is in it. It is no error if nothing is there.
func (r Root) RemoveAll(path string) error {
	err := r.do("remove", path, place.removeAll)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (p place) remove(flags int) error {
	_, err := again(func() (int, error) { return 0, unix.Unlinkat(p.fd(), p.name, flags) })
	return err
}

func (p place) removeAll() error {
	err := p.remove(0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if st, e := p.lstat(); e != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return p.fail("remove", err)
	}
	dir, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := (place{dir, name, p.path + "/" + name}).removeAll(); err != nil {
			return err
		}
	}
	if err := p.remove(unix.AT_REMOVEDIR); err != nil && !errors.Is(err, unix.ENOENT) {
		return p.fail("remove", err)
	}
	return nil
}

// ReadDir is os.ReadDir.
func (r Root) ReadDir(path string) (entries []fs.DirEntry, err error) {
	f, err := r.OpenDir(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}
