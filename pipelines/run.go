package pipelines

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// stopGrace is how long run waits for a runner to come back after the run's context has ended. The DoFns stop at once then;
// what is left is the runner's own bookkeeping.
const stopGrace = 10 * time.Second

// A job is one call of Split, Preprocess, Fit, ...: an Env that was checked, and the run that its pipelines belong to.
type job struct {
	Env
	name string // the Job of its events
	ref  string // the store's ref, for DoFns
	run  *bundle.Run
	// worker is what DoFns know of the run, and remote says that their workers are other processes.
	worker bundle.Ref
	remote bool
	engine runner.Runner // nil: the job has no pipelines
	limits limits
	// connections is how many connections of the store a task holds as long as it works; 0: only while it reads.
	connections int

	mu     sync.Mutex       // serialises Progress, and guards what follows
	totals map[string]int64 // units of the stages of the pipeline that is running, where known
	boxes  []*box           // in the store

	claims []claimed
}

// listeners hear of a job that trains; either may be nil.
type listeners struct {
	watch bundle.Watcher
	kept  func(key string, value any)
}

// begin starts a job whose tasks hold that many connections of the store each; 0: one while they read. Its end must be called.
func (e Env) begin(ctx context.Context, name string, connections int, to listeners) (*job, error) {
	if e.Store == nil {
		return nil, errNoStore
	}
	if e.Workers < 0 {
		return nil, argumentErrorf("workers must not be negative, found %d", e.Workers)
	}
	if e.Memory < 0 {
		return nil, argumentErrorf("memory must not be negative, found %d", e.Memory)
	}
	if e.Runner == "" {
		e.Runner = "direct"
	}
	if err := CheckRunner(e.Runner, e.RunnerOptions); err != nil {
		return nil, err
	}
	asked := e.Workers
	if e.Workers == 0 {
		e.Workers = runtime.GOMAXPROCS(0)
	}
	if connections > 0 {
		e.Workers = min(e.Workers, storeConnections/connections)
	}
	j := &job{Env: e, name: name, ref: e.Store.Ref(), connections: connections}
	j.run = bundle.Begin(ctx, bundle.Options{
		Workers: e.Workers, Memory: e.Memory, Store: e.Store, Watch: to.watch, Kept: to.kept,
		Progress: func(stage, unit string, done int64) {
			j.mu.Lock()
			total := j.totals[stage]
			j.mu.Unlock()
			j.report(Event{Stage: stage, Unit: unit, Done: done, Total: total})
		},
	})
	j.worker = j.run.Ref()
	if asked == 0 {
		j.worker.Workers = 0 // each worker has CPUs of its own
	}
	if e.foreign {
		j.worker.ID, j.remote = "the workers of "+j.worker.ID, true
	}
	return j, nil
}

// beginOnRunner is begin for a job with pipelines. A runner that cannot be used is an error of it.
func (e Env) beginOnRunner(ctx context.Context, name string, connections int, to listeners) (*job, error) {
	if e.Runner == prismRunner && !e.PrismOpenPort {
		if err := netns.Check(); err != nil {
			return nil, fmt.Errorf("runner prism is refused, since it listens without asking who connects: %w", err)
		}
	}
	j, err := e.begin(ctx, name, connections, to)
	if err != nil {
		return nil, err
	}
	if err := j.openRunner(ctx); err != nil {
		j.end()
		return nil, err
	}
	return j, nil
}

// Sweep removes the temporary files that killed processes of this user have left.
func Sweep() { scratch.Sweep() }

// storeConnections is how many connections of the store the tasks of a job may hold together. A PostgreSQL server allows 100
// in its usual configuration, for everybody.
const storeConnections = 48

// end closes the job. When it returns, no task of this process is running.
func (j *job) end() {
	_ = j.run.End()
	for len(j.boxes) > 0 {
		j.dropBox(context.Background(), j.boxes[0])
	}
	j.releaseClaims()
	if j.engine != nil {
		_ = j.engine.Close() // its jobs have ended, and nothing is lost with a connection
		j.engine = nil
	}
}

// report passes an event of this job to the listener. It is safe for concurrent use.
func (j *job) report(e Event) {
	if j.Progress == nil {
		return
	}
	e.Job = j.name
	j.mu.Lock()
	defer j.mu.Unlock()
	j.Progress(e)
}

// pipeline builds a pipeline of the job and runs it. totals are the number of units of the stages that DoFns report with
// Run.Advance, where known.
//
// The error is the one that a DoFn passed to bundle.Run.Fail or returned from a bundle.Tasks task, itself, or that of the job's
// context, or, where neither is the reason, what the runner says. After an error no task is running, and the job has ended.
func (j *job) pipeline(totals map[string]int64, build func(s beam.Scope) error) error {
	initBeam()
	j.mu.Lock()
	j.totals = totals
	j.mu.Unlock()
	ctx := j.run.Context()
	done := make(chan error, 1)
	go func() { done <- j.execute(ctx, build) }()
	var ran error
	select {
	case ran = <-done:
	case <-ctx.Done():
		select {
		case ran = <-done:
		case <-time.After(stopGrace):
		}
	}
	err := j.run.Err()
	if err == nil && ran != nil {
		err = ran
		text := ran.Error()
		if failed := (*runner.JobError)(nil); errors.As(ran, &failed) {
			text = failed.Text
		}
		if remote := bundle.Decode(text); remote != nil {
			err = remote
		}
	}
	if err != nil {
		j.end()
	}
	return err
}

// execute builds and runs a pipeline; a panic on the way is an error.
func (j *job) execute(ctx context.Context, build func(s beam.Scope) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &bundle.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	p, s := beam.NewPipelineWithRoot()
	if err := build(s); err != nil {
		return err
	}
	if err := checkSideInputs(p); err != nil {
		return err
	}
	if err := runner.Run(ctx, j.engine, p, j.name); err != nil {
		return fmt.Errorf("runner %s: %w", j.Runner, err)
	}
	return nil
}
