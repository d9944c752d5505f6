package fileio

import (
	"context"
	"path/filepath"
	"strings"
)

// sweepOnce removes what dead processes left in any folder, once in the life of a Store. Failures are no reason not to go
// on: what stays is invisible and is tried again by the next one.
func (s *Store) sweepOnce(ctx context.Context) {
	s.mu.Lock()
	swept := s.swept
	s.swept = true
	s.mu.Unlock()
	if swept || !s.disk.exists(s.control("catalog.json")) {
		return
	}
	var trash []string
	_ = s.locked(ctx, true, func() error {
		folders, err := s.disk.subfolders(s.root)
		if err != nil {
			return err
		}
		trash, err = s.sweepLocked(folders)
		return err
	})
	if left, err := s.disk.subfolders(s.control(trashFolder)); err == nil {
		for _, name := range left {
			trash = append(trash, s.control(trashFolder, name))
		}
	}
	_ = s.empty(trash)
}

// sweepOpened removes what dead processes were writing, for a store that is only read from now on too. It looks before it takes the
// lock: a store without outputs is left in peace.
func (s *Store) sweepOpened(ctx context.Context) {
	outputs, _ := s.disk.readDir(s.control(outputsFolder))
	left, _ := s.disk.subfolders(s.control(trashFolder))
	if len(outputs) == 0 && len(left) == 0 {
		return
	}
	var trash []string
	_ = s.locked(ctx, true, func() error {
		trash = s.sweepOutputs()
		return nil
	})
	for _, name := range left {
		trash = append(trash, s.control(trashFolder, name))
	}
	_ = s.empty(trash)
}

// sweepFolder removes what no longer counts in one table's folder, as far as nobody reads it.
func (s *Store) sweepFolder(folder string) {
	var trash []string
	_ = s.locked(context.Background(), true, func() (err error) {
		trash, err = s.sweepLocked([]string{folder})
		return err
	})
	_ = s.empty(trash)
}

// sweepIfReplaced sweeps a table's folder if e's generation no longer counts.
func (s *Store) sweepIfReplaced(e entry) {
	counts := true
	_ = s.locked(context.Background(), false, func() error {
		c, err := s.loadCatalog()
		counts = err != nil || c.counts(e.Folder, e.Generation)
		return nil
	})
	if !counts {
		s.sweepFolder(e.Folder)
	}
}

// sweepLocked moves to the trash the generations in those folders that the catalogue does not name, whose output's owner
// is dead and that no snapshot holds; the store must be locked.
func (s *Store) sweepLocked(folders []string) (trash []string, err error) {
	c, err := s.loadCatalog()
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if !inside(folder) {
			continue
		}
		generations, err := s.disk.subfolders(filepath.Join(s.root, folder))
		if err != nil {
			return trash, err
		}
		for _, g := range generations {
			if !isGeneration(g) || c.counts(folder, g) || s.inUse(folder, g) {
				continue
			}
			moved, err := s.discard(folder, g)
			if err != nil {
				return trash, err
			}
			trash = append(trash, moved...)
		}
	}
	return trash, nil
}

// inUse reports whether the owner of a generation's output lives or a snapshot holds the generation.
func (s *Store) inUse(folder, generation string) bool {
	paths := []string{
		s.outputPath(strings.TrimPrefix(generation, generationPrefix)),
		filepath.Join(s.root, folder, generation, manifestFile),
	}
	for _, path := range paths {
		if !s.disk.exists(path) {
			continue
		}
		l, err := s.disk.tryTake(path, true)
		if l == nil || err != nil {
			return true
		}
		l.release()
	}
	return false
}

// sweepOutputs removes the outputs whose owners are dead; the store must be locked.
func (s *Store) sweepOutputs() (trash []string) {
	entries, err := s.disk.readDir(s.control(outputsFolder))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		path := s.control(outputsFolder, e.Name())
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			_ = s.disk.removeAll(path) // was being written, under the store's lock
			continue
		}
		l, err := s.disk.tryTake(path, true)
		if l == nil || err != nil {
			continue
		}
		l.release()
		var folders []string
		if meta, err := s.outputMeta(id); err == nil {
			for _, t := range meta.Tables {
				folders = append(folders, folderOf(t.name()))
			}
		}
		moved, err := s.sweepLocked(folders)
		trash = append(trash, moved...)
		if err == nil {
			_ = s.removeOutput(id, folders)
		}
	}
	return trash
}

// discard moves a generation, if it is there, to the trash, with the table's folder if nothing else is in it; the store must
// be locked.
func (s *Store) discard(folder, generation string) (trash []string, err error) {
	from, to := filepath.Join(s.root, folder), s.control(trashFolder, newID())
	if !s.disk.exists(filepath.Join(from, generation)) {
		return nil, nil
	}
	entries, err := s.disk.readDir(from)
	if err != nil {
		return nil, err
	}
	if len(entries) > 1 {
		from = filepath.Join(from, generation)
	}
	if err := s.disk.rename(from, to); err != nil {
		return nil, err
	}
	return []string{to}, nil
}

// removeOutput removes the description of an output whose generations are gone, and the folders that were made for it.
func (s *Store) removeOutput(id string, folders []string) error {
	for _, f := range folders {
		s.disk.removeEmpty(filepath.Join(s.root, f))
	}
	return s.disk.removeAll(s.outputPath(id))
}

// empty removes folders in the trash.
func (s *Store) empty(trash []string) error {
	for _, path := range trash {
		if err := s.disk.removeAll(path); err != nil {
			return err
		}
	}
	return nil
}
