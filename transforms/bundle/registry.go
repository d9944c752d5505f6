package bundle

import (
	"context"
	"strings"
	"sync"
)

// mostForeign is how many runs of other processes are remembered where their leases do not tell that they have ended.
const mostForeign = 8

// registry are the runs known in this process, by ID.
type registry struct {
	mu      sync.Mutex
	byID    map[string]*Run
	foreign []string // IDs of other processes, the one used last at the end
}

var runs = &registry{byID: map[string]*Run{}}

func (g *registry) add(r *Run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byID[r.ref.ID] = r
}

func (g *registry) remove(r *Run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.byID, r.ref.ID)
}

// Of is the run of that Ref: see the package comment for those of other processes and those that have ended.
func Of(ref Ref) *Run {
	runs.mu.Lock()
	defer runs.mu.Unlock()
	r, known := runs.byID[ref.ID]
	if strings.HasPrefix(ref.ID, process) {
		if !known {
			r = newRun(context.Background(), ref)
			r.local, r.ended = true, true
			r.cancel(ErrEnded)
		}
		return r
	}
	if !known {
		r = newRun(context.Background(), ref)
		runs.byID[ref.ID] = r
		if ref.Lease != nil {
			go r.follow(*ref.Lease)
		}
	}
	runs.used(ref.ID)
	return r
}

// used notes that a run of another process is in use, and forgets the one that has not been for the longest time.
func (g *registry) used(id string) {
	for i, other := range g.foreign {
		if other == id {
			g.foreign = append(g.foreign[:i], g.foreign[i+1:]...)
			break
		}
	}
	g.foreign = append(g.foreign, id)
	if len(g.foreign) > mostForeign {
		if oldest, ok := g.byID[g.foreign[0]]; ok {
			delete(g.byID, g.foreign[0])
			oldest.cancel(ErrEnded)
			oldest.once.clear()
		}
		g.foreign = g.foreign[1:]
	}
}
