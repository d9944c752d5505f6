package job

import (
	"context"
	"errors"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// prismRunner is the name of prism among the runners.
const prismRunner = "prism"

// TrainingFn is what an accelerator is for, by Beam's name.
const TrainingFn = "trainshard.trainFn"

// openRunner opens the runner of the job, which fails before any work does.
func (j *Job) openRunner(ctx context.Context) (err error) {
	j.Engine, err = runner.Open(ctx, j.Runner, runner.Config{Options: j.RunnerOptions, Training: TrainingFn})
	if wrong := (*runner.OptionError)(nil); errors.As(err, &wrong) {
		return argument.Of(err)
	}
	if err != nil {
		return err
	}
	if j.Submitted != nil && runner.IsEngine(j.Runner) {
		j.Engine = announcer{j.Engine, j.Submitted}
	}
	traits := j.Engine.Traits()
	if err := runner.CheckStore(traits, j.StoreRef); err != nil {
		return argument.Errorf("runner %s: %w", j.Runner, err)
	}
	j.Limits = Limits{Iterations: traits.MaxIterationsPerJob}
	if j.Foreign {
		j.Limits.Piece = 50 // so that the small networks of tests travel in pieces
		j.Limits.Travel = true
	}
	if traits.Workers != runner.ThisProcess {
		j.Remote = true
		j.Limits.Piece = remotePiece
		j.Limits.Spread = traits.Workers >= runner.AnyMachine
		j.Limits.Travel = j.Limits.Spread
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

// Limits are what the runner makes of a pipeline.
type Limits struct {
	Iterations int  // most iterations of a fit; 0: any number
	Piece      int  // most weights of a vector that travels (average.Cut); 0: all
	Spread     bool // elements stay where they are made unless they are spread
	Travel     bool // workers share no scratch folder, so rows travel through the pipeline
}

// shareConnections divides the connections of the store among the workers of the engine, as far as it is known how many there are: a worker does
// not know of the others. What is beyond, as with more workers than connections, waits for the server (package pgio).
func (j *Job) shareConnections() {
	processes := 1
	for _, option := range []string{"parallelism", "max_num_workers"} {
		if n, err := strconv.Atoi(j.RunnerOptions[option]); err == nil {
			processes = max(processes, n)
		}
	}
	j.RunRef.Connections = max(1, storeConnections/processes)
	if j.Connections > 0 {
		j.RunRef.MostWorkers = max(1, j.RunRef.Connections/j.Connections)
	}
}

// remotePiece is Limits.Piece where the workers are other processes: 256 KB, which fit into the memory that engines sort in.
const remotePiece = 1 << 16

// Spread hands elements out to all workers, where the runner would leave them all with the one that made them.
func (j *Job) Spread(s beam.Scope, elements beam.PCollection) beam.PCollection {
	if !j.Limits.Spread {
		return elements
	}
	return beam.Reshuffle(s, elements)
}
