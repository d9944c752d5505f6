package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// A Lease is an output of a store that the process that began the run holds until the run ends, however it ends. Workers of other
// processes look at it, since neither a cancelled job nor a process that was killed reaches them by way of every engine; and before they
// work, since a worker that does not find it has another store at that address.
type Lease struct{ Ref, Output string }

// leaseEvery is how often a worker looks at the lease.
const leaseEvery = time.Second

// follow ends a run of another process when its lease has ended, and forgets it.
func (r *Run) follow(lease Lease) {
	ticker := time.NewTicker(leaseEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-r.ctx.Done():
			return
		}
		if r.hasEnded(lease) {
			_ = r.End()
			return
		}
	}
}

// find makes sure that a store is the one in which the run has its lease: the same address may mean another folder, or another database, on
// another machine. Of a store that does not answer it is neither known nor an error.
func (l Lease) find(ctx context.Context, store table.Store) (found bool, err error) {
	owned, err := store.Owned(ctx, l.Output)
	if owned || errors.Is(err, table.ErrUnavailable) || ctx.Err() != nil {
		return owned, nil
	}
	host, hostErr := os.Hostname()
	if hostErr != nil {
		host = "a machine without a name"
	}
	if err != nil {
		return false, fmt.Errorf("the worker on %s does not see the run in %s: %w", host, l.Ref, err)
	}
	return false, fmt.Errorf("the worker on %s does not see the run in %s: either the run has ended, or that is another store there than for the command; "+
		"a folder must be mounted at the same path, with locks that work", host, l.Ref)
}

// hasEnded reports that a lease has ended. A store that does not answer says nothing of it.
func (r *Run) hasEnded(lease Lease) bool {
	ctx, cancel := context.WithTimeout(r.ctx, 10*leaseEvery)
	defer cancel()
	store, err := table.Connect(ctx, lease.Ref, r.ref.StoreOptions)
	if err != nil {
		return false
	}
	owned, err := store.Owned(ctx, lease.Output)
	return err == nil && !owned
}
