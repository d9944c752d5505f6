package pipelines

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// namedValues are the metrics with their names.
func namedValues(s *tables.Scores) []NamedValue {
	values := make([]NamedValue, len(s.Metrics))
	for i, m := range s.Metrics {
		values[i] = NamedValue{s.Names[i], float64(m)}
	}
	return values
}

// warnOfNaN warns of a training loss that is NaN or infinite at the end.
func (f *fit) warnOfNaN(reports []tables.Report) {
	finite := func(r tables.Report) bool {
		loss := float64(r.Training.Loss)
		return !math.IsNaN(loss) && !math.IsInf(loss, 0)
	}
	first := len(reports)
	for first > 0 && !finite(reports[first-1]) {
		first--
	}
	if first < len(reports) {
		since := "since"
		if f.work.Schedule.ScoreEvery > 1 {
			since = "at the latest since"
		}
		f.warn([]string{fmt.Sprintf("training ended with a loss of %v: it is not a finite number %s iteration %d (callbacks=[TerminateOnNaN()] makes such a fit fail)",
			reports[len(reports)-1].Training.Loss, since, reports[first].Iteration)})
	}
}

// reportOf is what the listener of the job is told of an iteration.
func reportOf(e fitting.Iteration) *IterationReport {
	r := &IterationReport{
		Iteration: e.Number, Iterations: e.Of, Rows: e.Rows, Training: e.Training, Scoring: e.Scoring, Scored: e.Report != nil,
	}
	if s := e.Report; s != nil {
		r.TrainingLoss, r.TrainingMetrics = float64(s.Training.Loss), namedValues(s.Training)
		if s.Validation != nil {
			loss := float64(s.Validation.Loss)
			r.ValidationLoss, r.ValidationMetrics = &loss, namedValues(s.Validation)
		}
	}
	return r
}
