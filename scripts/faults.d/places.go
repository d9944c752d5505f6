package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// A place is a copy of a template in a store of a kind.
type place interface {
	URL() string
	// State reads all tables.
	State(context.Context) (stores.State, error)
	// Settle waits until nothing acts any more on what commands asked for that have ended.
	Settle(context.Context) error
	// Leftovers are what is neither a table nor a part of the store itself, a line each.
	Leftovers(context.Context) ([]string, error)
	// Size is the number of bytes that the store takes.
	Size(context.Context) (int64, error)
	Remove(context.Context) error
}

// A storeKind is a kind of store.
type storeKind struct {
	name string
	// empty makes a store without tables, for a template.
	empty func(ctx context.Context, c *campaign, root string) (place, error)
	// copied makes a copy, for a case whose folder is root, of the template whose folder is from; on the small file system where small.
	copied func(ctx context.Context, c *campaign, from, root string, small bool) (place, error)
}

var (
	folder = &storeKind{
		name: "folder",
		empty: func(_ context.Context, _ *campaign, root string) (place, error) {
			return stores.Folder{Dir: filepath.Join(root, "store")}, nil
		},
		copied: func(_ context.Context, _ *campaign, from, root string, _ bool) (place, error) {
			f := stores.Folder{Dir: filepath.Join(root, "store")}
			return f, os.CopyFS(f.Dir, os.DirFS(filepath.Join(from, "store")))
		},
	}
	postgres = &storeKind{
		name: "PostgreSQL",
		empty: func(ctx context.Context, c *campaign, _ string) (place, error) {
			server, err := c.startServer(ctx)
			if err != nil {
				return nil, err
			}
			return server.Create(ctx, "template")
		},
		copied: func(ctx context.Context, c *campaign, _, root string, small bool) (place, error) {
			tablespace := ""
			if small {
				tablespace = smallTablespace
				if err := c.smallTablespace(ctx); err != nil {
					return nil, err
				}
			}
			return c.server.Copy(ctx, "template", filepath.Base(root), tablespace)
		},
	}
)

// startServer starts PostgreSQL once.
func (c *campaign) startServer(ctx context.Context) (_ *stores.Server, err error) {
	if c.server == nil {
		c.server, err = stores.StartServer(ctx, filepath.Join(c.work, "postgres"), c.limits.grace)
	}
	return c.server, err
}

func (c *campaign) templateRoot(kind *storeKind) string {
	return filepath.Join(c.work, "template-"+kind.name)
}

// template makes the template of a kind of store once.
func (c *campaign) template(ctx context.Context, kind *storeKind) error {
	if c.templates[kind] {
		return nil
	}
	s := &scene{c: c, root: c.templateRoot(kind)}
	if err := s.makeFolders(); err != nil {
		return err
	}
	if err := writeInputs(s.files()); err != nil {
		return err
	}
	var err error
	if s.place, err = kind.empty(ctx, c, s.root); err != nil {
		return err
	}
	for _, args := range setUp {
		if err := s.must(ctx, args); err != nil {
			return err
		}
	}
	c.templates[kind] = true
	return nil
}
