package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// The small file system is one that a file can fill: for full disks. Only root can mount it, on Linux.
const (
	smallBytes      = 128 << 20
	smallTablespace = "small"
)

func (c *campaign) small() string { return filepath.Join(c.work, "small") }

// mountSmall mounts the small file system once. scripts/faults takes it away.
func (c *campaign) mountSmall() error {
	if c.smallMounted {
		return nil
	}
	if err := os.Mkdir(c.small(), 0o755); err != nil {
		return err
	}
	if err := mountMemory(c.small(), smallBytes); err != nil {
		return fmt.Errorf("mounting a small file system: %w", err)
	}
	c.smallMounted = true
	return nil
}

// smallTablespace makes a tablespace of PostgreSQL on the small file system once.
func (c *campaign) smallTablespace(ctx context.Context) error {
	if c.hasTablespace {
		return nil
	}
	dir := filepath.Join(c.small(), "tablespace")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	owner, err := user.Lookup("postgres") // as scripts/postgres runs the server
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	if err := os.Chown(dir, uid, -1); err != nil {
		return err
	}
	c.hasTablespace = true
	return c.server.Tablespace(ctx, smallTablespace, dir)
}

// fillSmall fills the small file system until only so many bytes are free.
func (c *campaign) fillSmall(free int64) error { return fill(c.filler(), free) }

// emptySmall takes the filling away.
func (c *campaign) emptySmall() error { return os.Remove(c.filler()) }

func (c *campaign) filler() string { return filepath.Join(c.small(), "filler") }
