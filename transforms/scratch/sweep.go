package scratch

import (
	"os"
	"strings"
	"syscall"
	"time"
)

// Sweep removes what killed processes of this user have left: scratch folders, and the files of workers that earlier versions made. What
// it may not touch stays.
func Sweep() {
	if root, err := os.OpenRoot(place()); err == nil {
		sweep(root)
		_ = root.Close()
	}
	if root, err := os.OpenRoot(os.TempDir()); err == nil {
		sweepWorkers(root)
		_ = root.Close()
	}
}

// sweep removes the folders in root that this user made and whose owner is gone. Others may write to root: what is no lock
// file of this user, a link among them, stays, and so does all that a link in such a folder points to.
func sweep(root *os.Root) {
	for _, name := range namesIn(root, prefix) {
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		f := openLock(root, name)
		if f == nil {
			continue
		}
		if ok, err := tryLock(f); ok && err == nil {
			if root.RemoveAll(strings.TrimSuffix(name, suffix)) == nil {
				_ = root.Remove(name)
			}
		}
		_ = f.Close()
	}
}

// openLock opens a lock file; nil where there is something else. It waits for nobody at the other end of a pipe.
func openLock(root *os.Root, name string) *os.File {
	f, err := root.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	found, err := root.Lstat(name)
	opened, e := f.Stat()
	if err != nil || e != nil || !found.Mode().IsRegular() || !os.SameFile(found, opened) || !mine(opened) {
		_ = f.Close()
		return nil
	}
	return f
}

const (
	workerPrefix = "beamfit-worker-"
	// workerAge is far beyond the moment for which a worker's file was needed: nobody holds a lock on it that would tell.
	workerAge = time.Hour
)

// sweepWorkers removes the empty files that a process made for every job on prism, and left where it was killed.
func sweepWorkers(root *os.Root) {
	for _, name := range namesIn(root, workerPrefix) {
		info, err := root.Lstat(name)
		if err == nil && info.Mode().IsRegular() && mine(info) && info.Size() == 0 && time.Since(info.ModTime()) > workerAge {
			_ = root.Remove(name)
		}
	}
}

// namesIn are the names in a folder that begin with a prefix.
func namesIn(root *os.Root, prefix string) (names []string) {
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
