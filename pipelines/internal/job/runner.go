package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// computingFns are the DoFns that compute with a model, which is what an accelerator is for, by Beam's names: they train, evaluate and predict. All others
// only ask a model, and read, split or write.
var computingFns = []string{"trainshard.trainFn", "trainshard.trainPortionsFn", "trainshard.turnFn", "trainshard.recomputeFn", "trainshard.recomputePortionsFn", "score.scoreFn", "infer.inferFn"}

// openRunner opens the runner of the job, which fails before any work does.
func (j *Job) openRunner(ctx context.Context) (err error) {
	j.Engine, err = runner.Open(ctx, j.Runner, runner.Config{Options: j.RunnerOptions, Computing: computingFns, GPUs: j.GPUs})
	if wrong := (*runner.OptionError)(nil); errors.As(err, &wrong) {
		return argument.Of(err)
	}
	if err != nil {
		return err
	}
	if runner.IsEngine(j.Runner) {
		j.Engine = announcer{j.Engine, j}
	}
	traits := j.Engine.Traits()
	if traits.Workers == runner.OtherMachines {
		if err := j.Store.CheckElsewhere(); err != nil {
			return argument.Errorf("runner %s: %w", j.Runner, err)
		}
	}
	j.Limits = Limits{
		Stages: traits.MaxStages,
		Bundle: traits.MaxBundleOutput, Tasks: max(1, traits.Parallelism), Watch: traits.MaxBundleOutput > 0,
	}
	if j.Strangers != nil {
		j.Limits = *j.Strangers
	}
	if traits.Workers != runner.ThisProcess {
		j.Remote = true
		j.Limits.Elsewhere = traits.Workers >= runner.AnyMachine
		j.Limits.Travel = j.Limits.Elsewhere
		j.connections = max(1, j.Store.Connections(j.held()))
		j.shareConnections(processes(traits))
	}
	if j.Remote || j.Limits.Bundle > 0 {
		j.Limits.Piece = remotePiece
	}
	return nil
}

// An announcer tells who listens to a job of its pipelines on an engine.
type announcer struct {
	runner.Runner
	job *Job
}

func (a announcer) Submit(ctx context.Context, p *beam.Pipeline, name string) (runner.Job, error) {
	j, err := a.Runner.Submit(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if a.job.Submitted != nil {
		a.job.Submitted(j.ID())
	}
	if f, ok := j.(runner.Follower); ok {
		return announced{f, a.job}, nil
	}
	return j, nil
}

// An announced job is one whose engine tells how far it is.
type announced struct {
	runner.Follower
	job *Job
}

// followEvery is how often it is told.
const followEvery = time.Second

// Wait tells how far the job is, until it has ended.
func (a announced) Wait(ctx context.Context) error {
	done, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		ticker := time.NewTicker(followEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-done:
				return
			}
			if ended, all := a.Tasks(); all > 0 {
				a.job.Progress("working on "+a.job.Runner, "tasks", int64(ended), int64(all))
			}
		}
	}()
	err := a.Follower.Wait(ctx)
	close(done)
	<-told
	return err
}

// Limits are what the runner makes of a pipeline.
type Limits struct {
	Stages int // most stages of a fit in one pipeline; 0: any number
	Piece  int // most weights of a vector that travels (average.Layout.Cut); 0: all
	Bundle int // most bytes that a DoFn may give on in a bundle; 0: any number
	Tasks  int // on how many tasks, at least, elements that are spread work
	// Elsewhere: an engine has the workers, perhaps on other machines. Elements stay where they are made unless they are spread, and what is asked of
	// this machine says nothing about them.
	Elsewhere bool
	// Travel: workers share no scratch folder, so rows travel through the pipeline.
	Travel bool
	// Watch: a step must watch whether workers live (portions.Watch), which needs an engine that runs it beside the others.
	Watch bool
}

// CheckWeights refuses a model of so many weights where a step that gives on that many vectors of them would be too much for the runner.
func (j *Job) CheckWeights(weights, vectors int) error {
	if most := j.Limits.Bundle; most > 0 && 4*weights*vectors > most {
		return fmt.Errorf("the model has %d MB of weights, and runner %s takes at most %d MB of them: use another runner",
			4*weights/1e6, j.Runner, most/vectors/1e6)
	}
	return nil
}

// unknownWorkers is how many worker processes an engine is taken to have that does not say how many there are.
const unknownWorkers = 16

// processes is how many worker processes share the connections of the store.
func processes(t runner.Traits) int {
	switch {
	case t.MaxWorkers > 0:
		return t.MaxWorkers
	case t.Workers >= runner.AnyMachine:
		return unknownWorkers
	}
	return 1
}

// shareConnections divides the connections of the store among so many worker processes, one of which does not know of the others. What is
// beyond, as with more workers than connections, waits for the server (package pgio).
func (j *Job) shareConnections(processes int) {
	j.RunRef.Connections = max(1, j.connections/processes)
	if j.HeldPerTask > 0 {
		j.RunRef.MostWorkers = max(1, j.RunRef.Connections/j.HeldPerTask)
	}
}

// remotePiece is Limits.Piece where an engine or another process is on the way: 256 KB, which fit into the memory that engines sort in.
const remotePiece = 1 << 16

// Spread hands elements out to all workers, where the runner would leave them all with the one that made them.
func (j *Job) Spread(s beam.Scope, elements beam.PCollection) beam.PCollection {
	if !j.Limits.Elsewhere {
		return elements
	}
	return beam.Reshuffle(s, elements)
}
