package main

import (
	"context"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// commits follows what a run writes to its stores, so that a run that was interrupted is not given up for stopped where its tables
// become visible, or are already.
type commits struct {
	mu   sync.Mutex
	busy int  // calls of Commit, Mutate and Drop under way; they heed the run's context as long as that changes anything
	open int  // outputs neither committed nor aborted, of those that can be committed
	some bool // something was committed
}

// pending says whether a change is being committed, or all that was begun is committed and the run has only to clean up.
func (c *commits) pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.busy > 0 || c.some && c.open == 0
}

// do calls commit.
func (c *commits) do(commit func() error) error {
	c.add(1, 0, false)
	err := commit()
	c.add(-1, 0, err == nil)
	return err
}

func (c *commits) add(busy, open int, committed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy += busy
	c.open += open
	c.some = c.some || committed
}

// watchedStore tells commits of what is written to a store.
type watchedStore struct {
	table.Store
	commits *commits
}

func (s *watchedStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	out, err := s.Store.Create(ctx, opt)
	if err != nil || opt.Transient {
		return out, err
	}
	s.commits.add(0, 1, false)
	return &watchedOutput{Output: out, commits: s.commits, end: sync.OnceFunc(func() { s.commits.add(0, -1, false) })}, nil
}

func (s *watchedStore) Mutate(ctx context.Context, name table.Name, fn func(table.Tx) error) error {
	return s.commits.do(func() error { return s.Store.Mutate(ctx, name, fn) })
}

func (s *watchedStore) Drop(ctx context.Context, names []table.Name, ifExists bool) (dropped []table.Name, err error) {
	err = s.commits.do(func() error {
		dropped, err = s.Store.Drop(ctx, names, ifExists)
		return err
	})
	return dropped, err
}

type watchedOutput struct {
	table.Output
	commits *commits
	end     func() // once
}

func (o *watchedOutput) Commit(ctx context.Context) error {
	return o.commits.do(func() error {
		err := o.Output.Commit(ctx)
		if err == nil {
			o.end()
		}
		return err
	})
}

func (o *watchedOutput) Abort(ctx context.Context) error {
	err := o.Output.Abort(ctx)
	o.end()
	return err
}
