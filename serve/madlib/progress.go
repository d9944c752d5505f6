package madlib

import (
	"fmt"
	"strings"
	"time"

	"github.com/beamfit/beamfit/pipelines"
)

// lines turns the events of a job into messages: one for every iteration that is scored, and otherwise at most one a second, since some
// clients keep all messages in memory.
type lines struct {
	say  func(string)
	last time.Time
}

const lineEvery = time.Second

func (l *lines) report(e pipelines.Event) {
	if e.Note != "" {
		l.say(reword(e.Note))
		return
	}
	now := time.Now()
	if l.last.IsZero() {
		l.last = now // what takes less than a second needs no message
	}
	r := e.Iteration
	if due := now.Sub(l.last) >= lineEvery; !due && (r == nil || !r.Scored) {
		return
	}
	l.last = now
	if r != nil {
		l.say(iterationLine(r))
		return
	}
	of := ""
	if e.Total > 0 {
		of = fmt.Sprintf(" of %d", e.Total)
	}
	l.say(fmt.Sprintf("%s: %s, %d%s %s", e.Job, e.Stage, e.Done, of, e.Unit))
}

// iterationLine is for example
//
//	iteration 3 of 10: training 0.05 s, evaluation 0.01 s, training loss 0.4321, categorical_accuracy 0.9333
func iterationLine(r *pipelines.IterationReport) string {
	parts := []string{fmt.Sprintf("iteration %d of %d: training %.2f s", r.Iteration, r.Iterations, r.Training.Seconds())}
	if r.Scored {
		parts = append(parts, fmt.Sprintf("evaluation %.2f s", r.Scoring.Seconds()), fmt.Sprintf("training loss %.6g", r.TrainingLoss))
		for _, m := range r.TrainingMetrics {
			parts = append(parts, fmt.Sprintf("%s %.6g", m.Name, m.Value))
		}
		if r.ValidationLoss != nil {
			parts = append(parts, fmt.Sprintf("validation loss %.6g", *r.ValidationLoss))
			for _, m := range r.ValidationMetrics {
				parts = append(parts, fmt.Sprintf("validation %s %.6g", m.Name, m.Value))
			}
		}
	}
	return strings.Join(parts, ", ")
}
