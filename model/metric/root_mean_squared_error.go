package metric

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// rootMeanSquaredError is the square root of the mean over rows of mean_squared_error.
//
// Source: keras/src/metrics/regression_metrics.py, RootMeanSquaredError.
func rootMeanSquaredError(*params.Args, int) *Metric {
	m := rowMean(nil)
	m.rows = &perRow{of: math.Sqrt, value: func(r Rows, row int) float64 {
		p, y := r.p(row), r.y(row)
		var sum float64
		for j, v := range p {
			d := float64(v) - float64(y[j])
			sum += d * d
		}
		return sum / float64(r.N)
	}}
	m.add = func(s *State, r Rows) {
		for row := range r.Values {
			s.sums[0].Add(m.rows.value(r, row))
		}
		s.counts[0] += uint64(len(r.Values))
	}
	m.value = func(s *State) float64 { return math.Sqrt(mean(&s.sums[0], s.counts[0])) }
	return m
}
