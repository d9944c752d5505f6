package pipelines

import (
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
)

// listener makes events of what a fit tells.
func (f *fit) listener() fitting.Listener {
	return fitting.Listener{
		Rows: func(stage string, done, total int64) {
			f.tell(Event{Stage: stage, Unit: "rows", Done: done, Total: total})
		},
		Iterated: func(e fitting.Iteration) {
			f.tell(Event{Stage: TrainingStage, Unit: "iterations", Done: int64(e.Number), Total: int64(e.Of), Iteration: reportOf(e)})
		},
		Noted: func(text string) { f.tell(Event{Stage: callbacksStage, Note: text}) },
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
