package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// mayMount tells whether mountMemory can do what it says.
func mayMount() bool { return os.Geteuid() == 0 }

// mountMemory mounts a file system of so many bytes of memory.
func mountMemory(dir string, bytes int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=755", bytes))
}

// fill makes a file that leaves so many bytes of its file system free.
func fill(path string, free int64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, max(int64(fs.Bavail)*fs.Bsize-free, fs.Bsize))
	return errors.Join(err, f.Close())
}
