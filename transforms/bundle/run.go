package bundle

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/beamfit/beamfit/io/table"
)

// ErrEnded is the error of work that is started after its run has ended.
var ErrEnded = errors.New("the run has ended")

// A Ref is what a DoFn holds of its run. It has no secret and decides no result.
type Ref struct {
	ID string
	// Workers is the most tasks at the same time in each process; 0: the number of its CPUs.
	Workers int `json:",omitempty"`
	// MostWorkers bounds Workers, whatever the number of CPUs; 0: nothing does.
	MostWorkers int `json:",omitempty"`
	// Connections is the most connections to stores that the tasks of each process read with at the same time (Reading); 0: as many
	// as there are tasks.
	Connections int `json:",omitempty"`
	// StoreOptions are those that workers of other processes open their stores with.
	StoreOptions table.OpenOptions `json:",omitzero"`
	// Memory is the most bytes of rows that each process keeps in memory (Reserve); 0: half of what the machine or container has.
	Memory int64 `json:",omitempty"`
	// Lease is how workers of other processes know that the run goes on; nil: they cannot know.
	Lease *Lease `json:",omitempty"`
}

// Options describe a run to the process that begins it.
type Options struct {
	// Workers, Connections and Memory are those of Ref.
	Workers     int
	Connections int
	Memory      int64
	// Store is the store that Connect gives for its own address; may be nil.
	Store table.Store
	// Progress hears how far each stage is, one call at a time; nil: nobody listens.
	Progress func(stage, unit string, done int64)
}

// A Watcher hears of the iterations of a fit in the process that began the run, and in no other: where DoFns work elsewhere it hears
// nothing. Calls may come at the same time and must be quick; no result depends on them.
type Watcher interface {
	// TablesRead is called when all tables are read. A fit then closes their snapshots; where nobody hears of it they stay open until it ends.
	TablesRead()
	// Begun is called before a shard begins an iteration.
	Begun(iteration int)
	// Trained is called after every step with its number of rows.
	Trained(iteration, rows int)
	// Averaged is called when the weights of an iteration are averaged.
	Averaged(iteration int)
	// Scored is called after every piece that is scored, with its number of rows.
	Scored(rows int)
}

// A Run is one call of a job, as seen in this process: see the package comment. It is safe for concurrent use.
type Run struct {
	ref    Ref
	local  bool            // this is the process that began the run
	ctx    context.Context // ends with the run; of another process: when the lease ends
	cancel context.CancelCauseFunc
	slots  chan struct{}
	memory memory
	reads  chan struct{} // a place per connection; nil: any number
	store  table.Store
	watch  Watcher
	kept   func(key string, value any)
	once   onceMap
	values sync.Map    // see Put
	found  atomic.Bool // the lease was found in the store

	mu    sync.Mutex // guards ended, and busy.Add against busy.Wait
	ended bool
	busy  sync.WaitGroup

	progressMu sync.Mutex
	progress   func(stage, unit string, done int64)
	done       map[string]int64
}

var (
	process = rand.Text() + "-" // begins the IDs of this process
	count   atomic.Int64
)

// Begin starts a run. Its tasks stop when ctx ends. End must be called.
func Begin(ctx context.Context, opt Options) *Run {
	r := newRun(ctx, Ref{ID: fmt.Sprint(process, count.Add(1)), Workers: opt.Workers, Connections: opt.Connections, Memory: opt.Memory})
	r.local, r.store, r.progress = true, opt.Store, opt.Progress
	runs.add(r)
	return r
}

// Listen makes somebody hear of the iterations of training, and of every Put; either may be nil. Calls may come at the same time. It must
// be called before the first task of the run.
func (r *Run) Listen(watch Watcher, kept func(key string, value any)) { r.watch, r.kept = watch, kept }

func newRun(ctx context.Context, ref Ref) *Run {
	workers := ref.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if ref.MostWorkers > 0 {
		workers = min(workers, ref.MostWorkers)
	}
	r := &Run{ref: ref, slots: make(chan struct{}, workers), done: map[string]int64{}}
	if ref.Connections > 0 {
		r.reads = make(chan struct{}, ref.Connections)
	}
	r.memory.free = ref.Memory
	if ref.Memory <= 0 {
		r.memory.free = machineMemory() / 2
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// Ref names the run in DoFns.
func (r *Run) Ref() Ref { return r.ref }

// Context ends with the caller's context, at the first Fail and at End. In another process it ends with the lease.
func (r *Run) Context() context.Context { return r.ctx }

// Err is why the run's context has ended: the error of the first Fail, or that of the caller's context; nil: it goes on.
func (r *Run) Err() error { return context.Cause(r.ctx) }

// Connect returns the store of that address. In another process it must be the one that the run was begun with (Lease).
func (r *Run) Connect(ctx context.Context, ref string) (table.Store, error) {
	if r.store != nil && r.store.Ref() == ref {
		return r.store, nil
	}
	s, err := table.Connect(ctx, ref, r.ref.StoreOptions)
	if err != nil {
		return nil, err
	}
	if l := r.ref.Lease; l != nil && l.Ref == ref && !r.found.Load() {
		found, err := l.find(ctx, s)
		if err != nil {
			return nil, err
		}
		r.found.Store(found)
	}
	return s, nil
}

// Watch is who hears of iterations, and of nothing in another process. It is never nil.
func (r *Run) Watch() Watcher {
	if r.watch == nil {
		return Nobody{}
	}
	return r.watch
}

// Nobody is a Watcher that does nothing, to embed in those that hear some things only.
type Nobody struct{}

// TablesRead does nothing.
func (Nobody) TablesRead() {}

// Begun does nothing.
func (Nobody) Begun(int) {}

// Trained does nothing.
func (Nobody) Trained(int, int) {}

// Averaged does nothing.
func (Nobody) Averaged(int) {}

// Scored does nothing.
func (Nobody) Scored(int) {}

// Fail ends the run with err, unless it has failed or was cancelled before, and returns err for the DoFn to return. A nil
// err does nothing. In another process it returns err in the form that Decode reads.
func (r *Run) Fail(err error) error {
	if err == nil {
		return nil
	}
	if !r.local {
		return encode(err)
	}
	r.cancel(err)
	return err
}

// Advance tells that a stage has done n more units.
func (r *Run) Advance(stage, unit string, n int64) {
	if r.progress == nil {
		return
	}
	r.progressMu.Lock()
	defer r.progressMu.Unlock()
	r.done[stage] += n
	r.progress(stage, unit, r.done[stage])
}

// End waits for the tasks that are running, forgets the run and what Once has kept for it, and returns the reason of its failure
// (Err). Only the first call does something, of which the others return the same.
func (r *Run) End() error {
	err := r.Err()
	r.cancel(ErrEnded)
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.busy.Wait()
	runs.remove(r)
	r.once.clear()
	r.values.Clear()
	return err
}

// Reading waits until one more task may hold a connection to read with, and returns what ends that.
func (r *Run) Reading(ctx context.Context) (end func(), err error) {
	if r.reads == nil {
		return func() {}, nil
	}
	select {
	case r.reads <- struct{}{}:
		return func() { <-r.reads }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// acquire waits for a free worker.
func (r *Run) acquire(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
	case <-r.ctx.Done():
		return r.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.ctx.Err() != nil {
		<-r.slots
		return r.Err()
	}
	r.busy.Add(1)
	return nil
}

func (r *Run) release() {
	<-r.slots
	r.busy.Done()
}

// Borrow takes a worker that is idle at this moment, for a task of the run that can use more than its own; false: there is
// none. It never waits.
func (r *Run) Borrow() bool {
	select {
	case r.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// Return gives back a worker that Borrow took. The task that took it must not end before.
func (r *Run) Return() { <-r.slots }
