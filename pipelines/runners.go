package pipelines

import (
	"context"
	"errors"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// Runners are the names that Env.Runner takes.
func Runners() []string { return runner.Names() }

// A RunnerOption is a row of the table of the options that Env.RunnerOptions takes.
type RunnerOption = runner.Option

// RunnerOptions are the options of runners. Flink and Dataflow take further options of their own.
func RunnerOptions() []RunnerOption { return runner.Options }

// IsEngine tells whether jobs of that runner go on when the process that has submitted them ends.
func IsEngine(name string) bool { return runner.IsEngine(name) }

// CheckRunner checks what Env.Runner and Env.RunnerOptions can be checked for without asking an engine. Its error is an
// ArgumentError.
func CheckRunner(name string, options map[string]string) error {
	return argument(runner.Check(name, options))
}

// ErrNotRun is the error of a command that ran dry: the first of its jobs was written to the files of option out, and nothing was
// run. What comes after the first job depends on its results.
var ErrNotRun = runner.ErrNotRun

// Worker tells whether args, those of the process, are of a worker that a runner has started.
func Worker(args []string) bool { return runner.Worker(args) }

// Work makes this process that worker, until the runner needs it no longer or has gone. The stores must be linked in. Its error is
// for standard error, and the exit code then not 0.
func Work(ctx context.Context, args []string) error { return runner.Work(ctx, args, nil) }

// prismRunner is the name of prism among the runners.
const prismRunner = "prism"

// trainingFn is what an accelerator is for, by Beam's name.
const trainingFn = "trainshard.trainFn"

// openRunner opens the runner of the job, which fails before any work does.
func (j *job) openRunner(ctx context.Context) (err error) {
	j.engine, err = runner.Open(ctx, j.Runner, runner.Config{Options: j.RunnerOptions, Training: trainingFn})
	if wrong := (*runner.OptionError)(nil); errors.As(err, &wrong) {
		return argument(err)
	}
	if err != nil {
		return err
	}
	if j.Submitted != nil && IsEngine(j.Runner) {
		j.engine = announcer{j.engine, j.Submitted}
	}
	traits := j.engine.Traits()
	if err := runner.CheckStore(traits, j.ref); err != nil {
		return argumentErrorf("runner %s: %w", j.Runner, err)
	}
	j.limits = limits{iterations: traits.MaxIterationsPerJob}
	if j.foreign {
		j.limits.piece = 50 // so that the small networks of tests travel in pieces
		j.limits.travel = true
	}
	if traits.Workers != runner.ThisProcess {
		j.remote = true
		j.limits.piece = remotePiece
		j.limits.spread = traits.Workers >= runner.AnyMachine
		j.limits.travel = j.limits.spread
		j.shareConnections()
	}
	return nil
}

// An announcer tells somebody of every job that its runner has submitted.
type announcer struct {
	runner.Runner
	submitted func(job string)
}

func (a announcer) Submit(ctx context.Context, p *beam.Pipeline, name string) (runner.Job, error) {
	j, err := a.Runner.Submit(ctx, p, name)
	if err == nil {
		a.submitted(j.ID())
	}
	return j, err
}

// limits are what the runner makes of a pipeline.
type limits struct {
	iterations int  // most iterations of a fit; 0: any number
	piece      int  // most weights of a vector that travels (average.Cut); 0: all
	spread     bool // elements stay where they are made unless they are spread
	travel     bool // workers share no scratch folder, so rows travel through the pipeline
}

// shareConnections divides the connections of the store among the workers of the engine, as far as it is known how many there are: a worker does
// not know of the others. What is beyond, as with more workers than connections, waits for the server (package pgio).
func (j *job) shareConnections() {
	processes := 1
	for _, option := range []string{"parallelism", "max_num_workers"} {
		if n, err := strconv.Atoi(j.RunnerOptions[option]); err == nil {
			processes = max(processes, n)
		}
	}
	j.worker.Connections = max(1, storeConnections/processes)
	if j.connections > 0 {
		j.worker.MostWorkers = max(1, j.worker.Connections/j.connections)
	}
}

// remotePiece is limits.piece where the workers are other processes: 256 KB, which fit into the memory that engines sort in.
const remotePiece = 1 << 16

// spread hands elements out to all workers, where the runner would leave them all with the one that made them.
func (j *job) spread(s beam.Scope, elements beam.PCollection) beam.PCollection {
	if !j.limits.spread {
		return elements
	}
	return beam.Reshuffle(s, elements)
}
