package fileio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/io/table"
)

// A claim is the lock on the file claims/<table>, which holds the note. The file stays when the claim ends; its lock counts.
type claim struct {
	store *Store
	name  table.Name
	path  string

	mu   sync.Mutex
	lock *lock // nil when it is released
}

// Claim keeps a name. The store's lock is held meanwhile, so that who finds the name claimed reads the note of the one who has it.
func (s *Store) Claim(ctx context.Context, name table.Name, note string) (table.Claim, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	c := &claim{store: s, name: name, path: s.control(claimsFolder, folderOf(name))}
	if err := s.locked(ctx, true, func() error { return c.take(note) }); err != nil {
		return nil, about(name, err)
	}
	s.mu.Lock()
	s.claims[c] = struct{}{}
	s.mu.Unlock()
	return c, nil
}

// take locks the file and writes the note; the store must be locked.
func (c *claim) take(note string) error {
	if err := c.store.disk.may("create", c.path); err != nil {
		return err
	}
	f, err := c.store.disk.openLock(c.path, true)
	if err != nil {
		return err
	}
	ok, err := ownerlock.TryLock(f, true)
	if err == nil && !ok {
		var other []byte
		if other, err = io.ReadAll(io.LimitReader(f, table.MaxClaimNote)); err == nil {
			err = fmt.Errorf("%w: %s", table.ErrClaimed, other)
		}
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteString(note)
	}
	if err != nil {
		_ = f.Close()
		return oserr.Named(err)
	}
	c.lock = &lock{f}
	return nil
}

// Held reports a claim that is released, or whose file was removed.
func (c *claim) Held(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lock == nil {
		return about(c.name, errors.New("the claim on it is released"))
	}
	mine, err := c.lock.f.Stat()
	if err != nil {
		return about(c.name, oserr.Named(err))
	}
	if now, err := c.store.disk.stat(c.path); err != nil || !os.SameFile(mine, now) {
		return about(c.name, fmt.Errorf("the claim on it is lost, so that another command may be making it: file %s was removed", c.path))
	}
	return nil
}

// Release frees the name.
func (c *claim) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lock.release()
	c.lock = nil
	c.store.mu.Lock()
	delete(c.store.claims, c)
	c.store.mu.Unlock()
}
