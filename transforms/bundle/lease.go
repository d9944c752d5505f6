package bundle

import (
	"context"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// A Lease is an output of a store that the process that began the run holds until the run ends, however it ends. Workers of other
// processes look at it, since neither a cancelled job nor a process that was killed reaches them by way of every engine.
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
		if ended(r.ctx, lease) {
			_ = r.End()
			return
		}
	}
}

// ended reports that a lease has ended. A store that does not answer says nothing of it.
func ended(ctx context.Context, lease Lease) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*leaseEvery)
	defer cancel()
	store, err := table.Connect(ctx, lease.Ref)
	if err != nil {
		return false
	}
	owned, err := store.Owned(ctx, lease.Output)
	return err == nil && !owned
}
