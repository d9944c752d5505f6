package pipelines

import (
	"context"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/score"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// startFn emits the weights before the first iteration of a job.
type startFn struct{ Run string }

func (f *startFn) ProcessElement(_ context.Context, _ []byte, emit func(average.Vector)) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err != nil {
		return err
	}
	emit(average.Vector{Values: fit.course.weights})
	return nil
}

// averagedFn passes the averaged weights on and takes note of the time. An iteration that is not scored ends here.
type averagedFn struct {
	Run       string
	Iteration int
}

func (f *averagedFn) ProcessElement(_ context.Context, w average.Vector, weights func(average.Vector), mark func(int)) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err != nil {
		return err
	}
	fit.course.begun()
	r := fit.clock.averaged(f.Iteration)
	if !fit.scored(f.Iteration) {
		fit.tell(r)
	}
	weights(w)
	mark(f.Iteration)
	return nil
}

// scoredFn ends an iteration that is scored.
type scoredFn struct {
	Run       string
	Iteration int
}

func (f *scoredFn) ProcessElement(_ context.Context, s score.Scores, report func(scoreReport), mark func(int)) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err != nil {
		return err
	}
	outputs := len(fit.stored.spec.Outputs)
	r := scoreReport{Iteration: f.Iteration, Elapsed: fit.elapsed(), Training: scoresOf(fit.model, s.By[trainingSet], outputs)}
	if fit.sets[validationSet] != nil {
		r.Validation = scoresOf(fit.model, s.By[validationSet], outputs)
	}
	fit.tell(fit.clock.scored(r))
	report(r)
	mark(f.Iteration)
	return nil
}

// tell reports the end of an iteration.
func (f *fit) tell(r IterationReport) {
	f.report(Event{Stage: "training", Unit: "iterations", Done: int64(r.Iteration), Total: int64(r.Iterations), Iteration: &r})
}

// keepWeightsFn keeps the weights after the last iteration of a job.
type keepWeightsFn struct{ Run string }

func (f *keepWeightsFn) ProcessElement(_ context.Context, w average.Vector) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err == nil {
		fit.course.keepWeights(w.Values)
	}
	return err
}

// keepStateFn keeps the state of a shard after the last iteration of a job.
type keepStateFn struct{ Run string }

func (f *keepStateFn) ProcessElement(_ context.Context, s trainshard.State) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err == nil {
		fit.course.keepState(s)
	}
	return err
}

// keepReportFn keeps the report of an iteration.
type keepReportFn struct{ Run string }

func (f *keepReportFn) ProcessElement(_ context.Context, r scoreReport) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err == nil {
		fit.course.keepReport(r)
	}
	return err
}

// write writes the model row and the summary row to the output.
func (f *fit) write(ctx context.Context, output string) error {
	f.summary.reports = f.course.sorted()
	f.summary.ended = time.Now()
	model := table.NewBatch(modelSchema)
	if err := model.Append(weights.Encode(f.course.weights), string(f.stored.arch)); err != nil {
		return err
	}
	summary, err := f.summary.row()
	if err != nil {
		return err
	}
	return writeRows(ctx, f.Store, output, model, summary)
}
