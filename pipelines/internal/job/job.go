package job

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
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// stopGrace is how long Pipeline waits for a runner to come back after the run's context has ended. The DoFns stop at once then;
// what is left is the runner's own bookkeeping.
const stopGrace = 10 * time.Second

// heldConnections are what a job needs of a small pool besides those of its tasks: for claims, snapshots and outputs, which it holds while tasks wait for
// theirs, and for calls that come and go.
const heldConnections = 6

// Options are what a job runs with.
type Options struct {
	// Name is what the job is called: split, preprocess, fit, ...
	Name string
	// HeldPerTask is how many connections of the store a task holds as long as it works; 0: only while it reads.
	HeldPerTask int
	// What follows is that of pipelines.Env.
	Store         table.Store
	Runner        string
	RunnerOptions map[string]string
	PrismOpenPort bool
	Workers       int
	Memory        int64
	GPUs          bool
	GPUMath       cuda.Math
	RunID         string
	Submitted     func(job string)
	// Progress hears how far a stage is; total is 0 where it is not known. It must be safe for concurrent use.
	Progress func(stage, unit string, done, total int64)
	// Strangers makes the workers of the job strangers to this process, as those of another process are, within these limits; nil: the
	// runner says what they are.
	Strangers *Limits
}

// A Job is one call of Split, Preprocess, Fit, ...: options that were checked, and the run that its pipelines belong to. Its methods are for
// one goroutine.
type Job struct {
	Options
	// Run is the run in this process, and RunRef what DoFns know of it. StoreRef is where they find the store.
	Run      *bundle.Run
	RunRef   bundle.Ref
	StoreRef string
	// Remote says that the workers are other processes.
	Remote bool
	Engine runner.Runner // nil: the job has no pipelines
	Limits Limits

	mu     sync.Mutex       // guards what follows
	totals map[string]int64 // units of the stages of the pipeline that is running, where known
	boxes  []*Box           // in the store

	claims []claimed

	connections int // of the store, that the tasks of the job may hold together
}

// Begin starts a job without pipelines. Its End must be called.
func Begin(ctx context.Context, o Options) (*Job, error) {
	if o.Store == nil {
		return nil, argument.ErrNoStore
	}
	if o.Workers < 0 {
		return nil, argument.Errorf("workers must not be negative, found %d", o.Workers)
	}
	if o.Memory < 0 {
		return nil, argument.Errorf("memory must not be negative, found %d", o.Memory)
	}
	if o.Runner == "" {
		o.Runner = runner.Direct
	}
	if err := argument.Of(runner.Check(o.Runner, o.RunnerOptions)); err != nil {
		return nil, err
	}
	if err := o.checkGPUMath(); err != nil {
		return nil, err
	}
	if err := argument.Of(kernels.EnvError()); err != nil {
		return nil, err
	}
	asked, connections := o.Workers, max(1, o.Store.Connections(heldConnections))
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.HeldPerTask > 0 {
		o.Workers = max(1, min(o.Workers, connections/o.HeldPerTask))
	}
	j := &Job{Options: o, StoreRef: o.Store.Ref(), connections: connections}
	j.Run = bundle.Begin(ctx, bundle.Options{
		Workers: o.Workers, Connections: connections, Memory: o.Memory, Store: o.Store,
		Progress: func(stage, unit string, done int64) {
			j.mu.Lock()
			total := j.totals[stage]
			j.mu.Unlock()
			j.Progress(stage, unit, done, total)
		},
	})
	j.RunRef = j.Run.Ref()
	j.RunRef.StoreOptions = o.Store.Options()
	if asked == 0 {
		j.RunRef.Workers = 0 // each worker has CPUs of its own
	}
	if o.Strangers != nil {
		j.RunRef.ID, j.Remote = "the workers of "+j.RunRef.ID, true
	}
	return j, nil
}

// Listen makes somebody hear of training and of what is put into boxes, in this process. It must be called before a pipeline runs.
func (j *Job) Listen(w bundle.Watcher, kept func(key string, value any)) { j.Run.Listen(w, kept) }

// BeginOnRunner is Begin for a job with pipelines. A runner that cannot be used is an error of it.
func BeginOnRunner(ctx context.Context, o Options) (*Job, error) {
	if o.Runner == runner.Prism && !o.PrismOpenPort {
		if err := netns.Check(); err != nil {
			return nil, fmt.Errorf("runner prism is refused, since it listens without asking who connects: %w", err)
		}
	}
	j, err := Begin(ctx, o)
	if err != nil {
		return nil, err
	}
	err = j.openRunner(ctx)
	if err == nil {
		err = j.checkConnections()
	}
	if err == nil {
		err = j.checkGPUs()
	}
	if err != nil {
		j.End()
		return nil, err
	}
	return j, nil
}

// boxConnections are what a job whose workers are other processes needs of the store besides: boxes are tables of it there, of which fit writes one, and
// reads another, while it writes its checkpoint.
const boxConnections = 3

// held is how many connections the job needs besides those of its tasks. A dry run has no boxes.
func (j *Job) held() int {
	if j.Remote && !j.Engine.Traits().DryRun {
		return heldConnections + boxConnections
	}
	return heldConnections
}

// checkConnections refuses a store that has none for a task, which would wait for one in vain.
func (j *Job) checkConnections() error {
	have, need := j.Store.Connections(j.held()), max(1, j.HeldPerTask)
	if have >= need {
		return nil
	}
	return argument.Errorf("a task of %s needs %s at a time, and the store has %d for tasks: pool_max_conns in its URL must be greater by %d",
		j.Name, tables.Count(need, "connection"), max(0, have), need-have)
}

// End closes the job. When it returns, no task of this process is running.
func (j *Job) End() {
	_ = j.Run.End()
	for len(j.boxes) > 0 {
		j.DropBox(context.Background(), j.boxes[0])
	}
	j.ReleaseClaims()
	if j.Engine != nil {
		_ = j.Engine.Close() // its jobs have ended, and nothing is lost with a connection
		j.Engine = nil
	}
}

// Pipeline builds a pipeline of the job and runs it. totals are the number of units of the stages that DoFns report with
// Run.Advance, where known.
//
// The error is the one that a DoFn passed to bundle.Run.Fail or returned from a bundle.Tasks task, itself, or that of the job's
// context, or, where neither is the reason, what the runner says. After an error no task is running, and the job has ended.
func (j *Job) Pipeline(totals map[string]int64, build func(s beam.Scope) error) error {
	initBeam()
	j.mu.Lock()
	j.totals = totals
	j.mu.Unlock()
	ctx := j.Run.Context()
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
	err := j.Run.Err()
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
		j.End()
	}
	return err
}

// execute builds and runs a pipeline; a panic on the way is an error.
func (j *Job) execute(ctx context.Context, build func(s beam.Scope) error) (err error) {
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
	if err := runner.Run(ctx, j.Engine, p, j.Name); err != nil {
		return fmt.Errorf("runner %s: %w", j.Runner, err)
	}
	return nil
}

// Partitions is how many parts of a table are read at the most: a few per worker.
func (j *Job) Partitions() int { return 4 * j.Workers }

// ScratchOfOutput is CreateOptions.Scratch for an output whose parts are written by the workers: "" where these are other processes.
func (j *Job) ScratchOfOutput() string {
	if j.Remote {
		return ""
	}
	return scratch.Place()
}

// PackedPartitions is Partitions for a packed table. Its tasks hold a connection each only while they load, so it is their
// number that is bounded and not the workers; two tables may be loaded at the same time.
func (j *Job) PackedPartitions() int { return max(1, min(j.Partitions(), j.connections/2)) }
