package bundle

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// ErrEnded is the error of work that is started after its run has ended.
var ErrEnded = errors.New("the run has ended")

// Options describe a run.
type Options struct {
	// Workers is the most tasks at the same time; 0: the number of CPUs.
	Workers int
	// Progress hears how far each stage is, one call at a time; nil: nobody listens.
	Progress func(stage, unit string, done int64)
}

// A Run is one run of one pipeline, as seen in this process. It is safe for concurrent use.
type Run struct {
	id     string
	ctx    context.Context
	cancel context.CancelCauseFunc
	slots  chan struct{}
	values sync.Map // reflect.Type -> value, see Share

	mu    sync.Mutex // guards ended, and busy.Add against busy.Wait
	ended bool
	busy  sync.WaitGroup

	progressMu sync.Mutex
	progress   func(stage, unit string, done int64)
	done       map[string]int64
}

var (
	registry sync.Map            // run ID -> *Run
	process  = rand.Text() + "-" // begins the IDs of this process
	count    atomic.Int64
	foreign  = sync.OnceValue(func() *Run { return newRun(context.Background(), "", Options{}) })
)

// Begin starts a run. Its tasks stop when ctx ends. End must be called.
func Begin(ctx context.Context, opt Options) *Run {
	r := newRun(ctx, fmt.Sprint(process, count.Add(1)), opt)
	registry.Store(r.id, r)
	return r
}

func newRun(ctx context.Context, id string, opt Options) *Run {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	r := &Run{id: id, slots: make(chan struct{}, opt.Workers), progress: opt.Progress, done: map[string]int64{}}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// Of is the run with that ID: see the package comment for IDs of other processes and of runs that have ended.
func Of(id string) *Run {
	if r, ok := registry.Load(id); ok {
		return r.(*Run)
	}
	if !strings.HasPrefix(id, process) {
		return foreign()
	}
	r := newRun(context.Background(), id, Options{Workers: 1})
	r.ended = true
	r.cancel(ErrEnded)
	return r
}

// ID names the run in DoFns. It holds no secret and decides no result.
func (r *Run) ID() string { return r.id }

// Context ends with the caller's context, at the first Fail and at End.
func (r *Run) Context() context.Context { return r.ctx }

// Workers is the most tasks at the same time.
func (r *Run) Workers() int { return cap(r.slots) }

// Fail ends the run with err, unless it has failed or was cancelled before, and returns err for the DoFn to return. A nil
// err does nothing.
func (r *Run) Fail(err error) error {
	if err != nil && r.id != "" {
		r.cancel(err)
	}
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

// End waits for the tasks that are running, forgets the run and returns the reason of its failure: the error of the
// first Fail, or that of the caller's context.
func (r *Run) End() error {
	err := context.Cause(r.ctx)
	r.cancel(ErrEnded)
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.busy.Wait()
	registry.Delete(r.id)
	return err
}

// acquire waits for a free worker.
func (r *Run) acquire(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.ctx.Err() != nil {
		<-r.slots
		return context.Cause(r.ctx)
	}
	r.busy.Add(1)
	return nil
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

func (r *Run) release() {
	<-r.slots
	r.busy.Done()
}
