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

// A claim is the lock on the file claims/<table> of each table, which holds the note. The files stay when the claim ends; their locks count.
type claim struct {
	store *Store
	names []table.Name

	mu    sync.Mutex
	locks []*lock // one per name; none when they are released
}

// Claim keeps names. The store's lock is held meanwhile, so that who finds a name claimed reads the note of the one who has it.
func (s *Store) Claim(ctx context.Context, note string, names ...table.Name) (table.Claim, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	c := &claim{store: s, names: names}
	err := s.locked(ctx, true, func() error {
		for _, name := range names {
			if err := c.take(name, note); err != nil {
				return about(name, err)
			}
		}
		return nil
	})
	if err != nil {
		c.Release()
		return nil, err
	}
	s.mu.Lock()
	s.claims[c] = struct{}{}
	s.mu.Unlock()
	return c, nil
}

func (c *claim) path(name table.Name) string { return c.store.control(claimsFolder, folderOf(name)) }

// take locks the file of a name and writes the note; the store must be locked.
func (c *claim) take(name table.Name, note string) error {
	path := c.path(name)
	if err := c.store.disk.may("create", path); err != nil {
		return err
	}
	f, err := c.store.disk.openLock(path, true)
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
	c.locks = append(c.locks, &lock{f})
	return nil
}

// Held reports a claim that is released, or a file of which was removed.
func (c *claim) Held(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.locks == nil {
		return about(c.names[0], errors.New("the claim on it is released"))
	}
	for i, name := range c.names {
		mine, err := c.locks[i].f.Stat()
		if err != nil {
			return about(name, oserr.Named(err))
		}
		if now, err := c.store.disk.stat(c.path(name)); err != nil || !os.SameFile(mine, now) {
			return about(name, fmt.Errorf("the claim on it is lost, so that another command may be making it: file %s was removed", c.path(name)))
		}
	}
	return nil
}

// Release frees the names.
func (c *claim) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.locks {
		l.release()
	}
	c.locks = nil
	c.store.mu.Lock()
	delete(c.store.claims, c)
	c.store.mu.Unlock()
}
