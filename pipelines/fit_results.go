package pipelines

import (
	"fmt"
	"math"

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
		if f.training.Schedule.ScoreEvery > 1 {
			since = "at the latest since"
		}
		f.warn([]string{fmt.Sprintf("training ended with a loss of %v: it is not a finite number %s iteration %d (callbacks=[TerminateOnNaN()] makes such a fit fail)",
			reports[len(reports)-1].Training.Loss, since, reports[first].Iteration)})
	}
}
