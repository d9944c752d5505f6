// Package scratch lends folders for what does not fit in memory while a job runs.
//
// A Folder goes with Remove, and also when the process is killed: a locked file beside it tells whether its owner lives
// (package ownerlock), and Sweep and every New remove the folders whose owner does not.
//
// Folders lie in the folder that the environment variable BEAMFIT_SCRATCH names, else in the system's temporary folder.
// All workers of a pipeline must see it: it holds what one stage hands to the next.
//
// Others may write there, as in /tmp. So a folder has a name that nobody guesses and is its user's alone; a symbolic link is
// never followed, and what other users have put there is left alone.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/io/table"
)

// EnvDir is the environment variable that names the folder where scratch folders lie.
const EnvDir = "BEAMFIT_SCRATCH"

const (
	prefix = "beamfit-scratch-"
	suffix = ".lock"
)

// A Folder is an empty folder that its owner fills.
type Folder struct {
	path string
	lock *os.File
}

// New makes a folder, and removes those that killed processes left behind.
func New() (*Folder, error) {
	path := Place()
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, Error(err)
	}
	defer root.Close()
	sweep(root)
	lock, name, err := ownerlock.Create(root, prefix, suffix, 0o600)
	if err != nil {
		return nil, Error(err)
	}
	folder := strings.TrimSuffix(name, suffix)
	if err := root.Mkdir(folder, 0o700); err != nil {
		_ = root.Remove(name)
		_ = lock.Close()
		return nil, Error(err)
	}
	return &Folder{filepath.Join(path, folder), lock}, nil
}

// Place is where scratch folders lie.
func Place() string {
	if path := os.Getenv(EnvDir); path != "" {
		return path
	}
	return os.TempDir()
}

// Path is where the folder is.
func (f *Folder) Path() string { return f.path }

// Remove deletes the folder with all that it holds.
func (f *Folder) Remove() error {
	err := os.RemoveAll(f.path)
	if err == nil {
		err = os.Remove(f.path + suffix)
	}
	return errors.Join(err, f.lock.Close())
}

// File is an empty file without a name, for this process alone: it goes when it is closed, or with the process. Who only reads and writes it
// needs no folder that other workers see.
func File() (*os.File, error) {
	f, err := ownerlock.Unnamed(Place())
	return f, Error(err)
}

// Error says of an error of the file system that it is about scratch files; a full disk is table.ErrFull.
func Error(err error) error {
	switch {
	case err == nil:
		return nil
	case table.IsFull(err):
		return fmt.Errorf("scratch folder (%s chooses another): %w: %w", EnvDir, table.ErrFull, err)
	}
	return fmt.Errorf("scratch folder (%s chooses another): %w", EnvDir, err)
}
