package pipelines

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	//lint:ignore SA1019 deprecated in favour of prism, but it starts at once and opens no port; every job runs on prism too
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// runners are the Beam runners by the name that Env.Runner takes.
var runners = map[string]func(context.Context, *beam.Pipeline) error{
	"direct": func(ctx context.Context, p *beam.Pipeline) error {
		_, err := direct.Execute(ctx, p)
		return err
	},
	"prism": executePrism,
}

// Runners are the names that Env.Runner takes, sorted.
func Runners() []string {
	names := make([]string, 0, len(runners))
	for n := range runners {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// stopGrace is how long run waits for a runner to come back after the run's context has ended. The DoFns stop at once then;
// what is left is the runner's own bookkeeping.
const stopGrace = 10 * time.Second

// A job is one call of Split, Preprocess, Fit, ...: an Env that was checked and whose store DoFns can connect to.
type job struct {
	Env
	name string // the Job of its events
	ref  string // the store's ref, for DoFns

	unshare func()
	mu      sync.Mutex // serialises Progress
}

// begin starts a job. Its end must be called.
func (e Env) begin(name string) (*job, error) {
	if e.Store == nil {
		return nil, errors.New("no store is given")
	}
	if e.Workers < 0 {
		return nil, fmt.Errorf("workers must not be negative, found %d", e.Workers)
	}
	if e.Runner == "" {
		e.Runner = "direct"
	}
	if runners[e.Runner] == nil {
		return nil, fmt.Errorf("runner %q is not known; expected one of %s", e.Runner, strings.Join(Runners(), ", "))
	}
	return &job{Env: e, name: name, ref: e.Store.Ref(), unshare: table.Share(e.Store)}, nil
}

// storeConnections is how many connections of the store the tasks of a job may hold together. A PostgreSQL server allows 100
// in its usual configuration, for everybody.
const storeConnections = 48

// limit bounds the workers of a job whose tasks hold that many connections each.
func (j *job) limit(connections int) {
	workers := j.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	j.Workers = min(workers, storeConnections/connections)
}

// end closes the job.
func (j *job) end() { j.unshare() }

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

// run builds a pipeline and runs it. build gets the ID of the run, which DoFns pass to bundle.Of; totals are the number
// of units of the stages that DoFns report with Run.Advance, where known.
//
// The error is the one that a DoFn passed to bundle.Run.Fail or returned from a bundle.Tasks task, itself, or that of
// ctx, or, where neither is the reason, what the runner says. When run returns, no task is running.
func (j *job) run(ctx context.Context, totals map[string]int64, build func(s beam.Scope, run string) error) error {
	initBeam()
	r := bundle.Begin(ctx, bundle.Options{
		Workers: j.Workers,
		Progress: func(stage, unit string, done int64) {
			j.report(Event{Stage: stage, Unit: unit, Done: done, Total: totals[stage]})
		},
	})
	done := make(chan error, 1)
	go func() { done <- execute(r, j.Runner, build) }()
	var ran error
	select {
	case ran = <-done:
	case <-r.Context().Done():
		select {
		case ran = <-done:
		case <-time.After(stopGrace):
		}
	}
	if err := r.End(); err != nil {
		return err
	}
	return ran
}

// execute builds and runs the pipeline of r; a panic on the way is an error.
func execute(r *bundle.Run, runner string, build func(s beam.Scope, run string) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &bundle.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	p, s := beam.NewPipelineWithRoot()
	if err := build(s, r.ID()); err != nil {
		return err
	}
	if err := checkSideInputs(p); err != nil {
		return err
	}
	if err := runners[runner](r.Context(), p); err != nil {
		return fmt.Errorf("runner %s: %w", runner, err)
	}
	return nil
}
