package pipelines

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/score"
)

// startFn emits the weights before the first iteration.
type startFn struct{ Run string }

func (f *startFn) ProcessElement(_ context.Context, _ []byte, emit func(average.Vector)) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err != nil {
		return err
	}
	emit(average.Vector{Values: fit.start})
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
	r := scoreReport{Iteration: f.Iteration, Elapsed: time.Since(fit.started), Training: scoresOf(fit.model, s.By[trainingSet], outputs)}
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

// writeFn writes the model row and the summary row.
type writeFn struct{ Run string }

func (f *writeFn) ProcessElement(_ context.Context, _ []byte, w average.Vector, next func(*scoreReport) bool) error {
	fit, err := bundle.Shared[*fit](f.Run)
	if err != nil {
		return err
	}
	var reports []scoreReport
	for r := (scoreReport{}); next(&r); r = (scoreReport{}) {
		reports = append(reports, r)
	}
	run := bundle.Of(f.Run)
	return run.Fail(fit.write(run.Context(), w.Values, reports))
}

// write writes the two rows to the output.
func (f *fit) write(ctx context.Context, vector []float32, reports []scoreReport) error {
	slices.SortFunc(reports, func(a, b scoreReport) int { return cmp.Compare(a.Iteration, b.Iteration) })
	f.summary.reports = reports
	f.summary.ended = time.Now()
	model := table.NewBatch(modelSchema)
	if err := model.Append(weights.Encode(vector), string(f.stored.arch)); err != nil {
		return err
	}
	summary, err := f.summary.row()
	if err != nil {
		return err
	}
	return writeRows(ctx, f.Store, f.output, model, summary)
}
