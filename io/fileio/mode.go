package fileio

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// The modes of the folders of a new store; files have the same without what only folders need.
const (
	privateMode = os.FileMode(0o700)
	sharedMode  = os.FileMode(0o770) | os.ModeSetgid
)

// mode is the store's mode: that of its control folder, which remembers it.
func (d disk) mode() os.FileMode {
	f, err := d.open(filepath.Join(string(d.root), controlFolder))
	if err != nil {
		return privateMode
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return privateMode
	}
	return info.Mode() & (os.ModePerm | os.ModeSetgid)
}

// makeFolders makes the store's folder and what it needs to be written to; mode is for a store that is not there yet.
func (s *Store) makeFolders(mode os.FileMode) error {
	err := s.disk.mkdirRoot(mode)
	if err == nil {
		err = s.disk.mkdirMode(s.control(), mode)
	}
	for _, name := range []string{outputsFolder, locksFolder, claimsFolder, runsFolder, trashFolder} {
		if err == nil {
			err = s.disk.mkdir(s.control(name))
		}
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", s.ref, err)
	}
	return nil
}

// makeShared makes a store that a group shares in the folder that a URL names. A store that is already there must be shared.
func makeShared(ctx context.Context, url string) error {
	s, err := Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.makeFolders(sharedMode); err != nil {
		return err
	}
	if mode := s.disk.mode(); mode&sharedMode.Perm() != sharedMode.Perm() {
		return fmt.Errorf("store %s: it is there already and is not shared: folder %s has mode %04o; a shared one has %04o",
			s.ref, s.control(), mode.Perm(), sharedMode.Perm())
	}
	return nil
}
