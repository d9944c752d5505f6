// Package ownerlock tells by a lock whether the process that made a file lives.
//
// The owner of a file is the process that Create made it for; it holds a lock on the file until it closes it, and the system gives the
// lock back when the process is killed. Sweep finds the files whose owner is gone.
//
// Others may write to the same folder, as in /tmp. So a file has a name that nobody guesses, a symbolic link is never followed, what is
// no regular file is not waited for, and what belongs to other users is left alone.
//
// Where the file system has no locks, files are made without, and nobody's are swept.
//
// Unnamed makes files that nobody has to sweep, but where the system cannot. TryLock is the lock itself.
package ownerlock

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Create makes a file of its own for this process, whose name is prefix, a random part and suffix, for writing.
func Create(root *os.Root, prefix, suffix string, mode os.FileMode) (f *os.File, name string, err error) {
	for range 10 {
		name = prefix + rand.Text() + suffix
		if f, err = create(root, name, mode); f != nil || err != nil {
			return f, name, err
		}
	}
	return nil, "", fmt.Errorf("%s: no name is free", root.Name())
}

// create makes and locks a file; nil when a sweep of another process was faster.
func create(root *os.Root, name string, mode os.FileMode) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	ok, err := TryLock(f, true)
	if errors.Is(err, errors.ErrUnsupported) {
		return f, nil
	}
	if ok && err == nil {
		var now, mine os.FileInfo
		if mine, err = f.Stat(); err == nil {
			if now, err = root.Lstat(name); err == nil && os.SameFile(now, mine) {
				return f, nil
			}
		}
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	}
	_ = f.Close()
	return nil, err
}

// Sweep calls remove with the name of every file of this user's in root, named prefix, anything and suffix, whose owner is gone. The file
// is locked meanwhile.
func Sweep(root *os.Root, prefix, suffix string, remove func(name string)) {
	for _, name := range Names(root, prefix) {
		if strings.HasSuffix(name, suffix) {
			SweepOne(root, name, remove)
		}
	}
}

// SweepOne is Sweep for the file of one name.
func SweepOne(root *os.Root, name string, remove func(name string)) {
	f := open(root, name)
	if f == nil {
		return
	}
	defer f.Close()
	if ok, err := TryLock(f, true); ok && err == nil {
		remove(name)
	}
}

// lockTimeout is how long Lock waits, and lockEvery how often it looks meanwhile.
const (
	lockTimeout = 30 * time.Second
	lockEvery   = 5 * time.Millisecond
)

// Lock locks a file of that name, which it makes where there is none, for as long as it is open: it waits for a process that has locked it, half a
// minute at most. The folder must be of this user alone.
func Lock(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lockTimeout); ; time.Sleep(lockEvery) {
		ok, err := TryLock(f, true)
		if err == nil && ok {
			return f, nil
		}
		if err == nil && time.Now().After(end) {
			err = fmt.Errorf("another process has held the lock for %v", lockTimeout)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s/%s: %w", root.Name(), name, err), f.Close())
		}
	}
}

// open opens a file of this user's; nil where there is something else. It waits for nobody at the other end of a pipe.
func open(root *os.Root, name string) *os.File {
	f, err := root.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	found, err := root.Lstat(name)
	opened, e := f.Stat()
	if err != nil || e != nil || !found.Mode().IsRegular() || !os.SameFile(found, opened) || !Mine(opened) {
		_ = f.Close()
		return nil
	}
	return f
}

// Names are the names in a folder that begin with a prefix.
func Names(root *os.Root, prefix string) (names []string) {
	dir, err := root.Open(".")
	if err != nil {
		return nil
	}
	defer dir.Close()
	all, _ := dir.Readdirnames(-1) // what was read before an error counts
	for _, name := range all {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}
