package metric

import (
	"math"
	"math/big"

	"github.com/beamfit/beamfit/model/params"
)

// r2Score is the coefficient of determination: 1 - Σ(y-p)² / Σ(y-mean(y))² of each output, and the mean over the outputs.
//
// Arguments: class_aggregation 'uniform_average' ('variance_weighted_average': outputs count by their labels' spread; None, one
// value per output, for an output of width 1 only); num_regressors 0 (more: the adjusted score, in which, as in Keras, every
// element of the labels is a sample).
//
// Source: keras/src/metrics/regression_metrics.py, R2Score.
func r2Score(a *params.Args, n int) *Metric {
	aggregation := "uniform_average"
	if a.Given("class_aggregation") {
		aggregation = a.Choice("", "class_aggregation", "uniform_average", "variance_weighted_average")
	}
	if aggregation == "" && n > 1 {
		a.Failf("argument class_aggregation must not be None: one value per output is no metric here; give 'uniform_average' or 'variance_weighted_average'")
	}
	regressors := a.Int(0, "num_regressors")
	if regressors < 0 {
		a.Failf("argument num_regressors must not be negative, found %d", regressors)
	}
	return r2Metric(n, aggregation == "variance_weighted_average", regressors, false)
}

// r2Metric has per output the sums of labels, of their squares and of squared errors, each times the weight of the row where rows have weights; then
// that of the weights. It counts the rows.
func r2Metric(n int, bySpread bool, regressors int, weighted bool) *Metric {
	sums := 3 * n
	if weighted {
		sums++
	}
	return &Metric{
		counts: 1, sums: sums,
		weigh: func() *Metric { return r2Metric(n, bySpread, regressors, true) },
		add: func(s *State, r Rows) {
			for row := range len(r.Values) {
				p, y, weight := r.p(row), r.y(row), 1.0
				if weighted {
					weight = r.weight(row)
					s.sums[3*n].Add(weight)
				}
				for j := range p {
					label := float64(y[j])
					d := label - float64(p[j])
					s.sums[3*j].Add(label * weight)
					s.sums[3*j+1].Add(label * label * weight)
					s.sums[3*j+2].Add(d * d * weight)
				}
			}
			s.counts[0] += uint64(len(r.Values))
		},
		value: func(s *State) float64 {
			rows := new(big.Rat).SetInt(new(big.Int).SetUint64(s.counts[0]))
			if weighted {
				rows = s.sums[3*n].rat()
			}
			score := r2Value(s, n, rows, bySpread)
			samples, p := float64(s.counts[0])*float64(n), float64(regressors)
			if regressors == 0 || p >= samples-1 {
				return score
			}
			return 1 - (1-score)*(samples-1)/(samples-p-1)
		},
	}
}

// r2Value is the score of n outputs; rows is the sum of the weights of all rows.
func r2Value(s *State, n int, rows *big.Rat, bySpread bool) float64 {
	var sum, weights float64
	for j := 0; j < 3*n; j += 3 {
		labels := &s.sums[j]
		total := covariance(&s.sums[j+1], labels, labels, rows)
		score := 1 - s.sums[j+2].Float64()/total
		if math.IsInf(score, 0) {
			score = 0
		}
		w := 1.0
		if bySpread {
			w = total
		}
		sum += w * score
		weights += w
	}
	return sum / weights
}
