package metric

import (
	"math"
	"math/big"

	"github.com/beamfit/beamfit/model/params"
)

// pearsonCorrelation is the covariance of predictions and labels divided by their standard deviations.
//
// Source: keras/src/metrics/correlation_metrics.py, pearson_correlation.
func pearsonCorrelation(a *params.Args, n int) *Metric {
	return correlation(a, n, func(m moments) float64 {
		return m.covariance / math.Sqrt(m.varianceP*m.varianceY)
	})
}

// concordanceCorrelation is Lin's coefficient: it also falls where predictions have another mean or scale than labels.
//
// Source: keras/src/metrics/correlation_metrics.py, concordance_correlation.
func concordanceCorrelation(a *params.Args, n int) *Metric {
	return correlation(a, n, func(m moments) float64 {
		d := m.meanY - m.meanP
		return 2 * m.covariance / (m.varianceP + m.varianceY + d*d + epsilon)
	})
}

// moments of predictions and labels that belong together.
type moments struct{ meanP, meanY, varianceP, varianceY, covariance float64 }

// correlation reads axis: -1 (the default) correlates the outputs of each row and is averaged over rows; 0 correlates the
// rows of the table for each output and is averaged over the outputs. Keras computes the latter for each batch; here it is
// that of the whole table.
func correlation(a *params.Args, n int, value func(moments) float64) *Metric {
	switch axis := a.Int(-1, "axis"); {
	case axis == 0:
		return columnCorrelation(n, value)
	case axis != -1 && axis != 1:
		a.Failf("argument axis must be -1 or 0, found %d", axis)
	case n == 1:
		a.Failf("the output has width 1, and one number has no correlation; axis=0 correlates over the rows")
	}
	return rowMean(func(rows, n int, p, y, values []float32) {
		for r := range rows {
			values[r] = float32(value(rowMoments(p[r*n:(r+1)*n], y[r*n:(r+1)*n])))
		}
	})
}

func rowMoments(p, y []float32) moments {
	var m moments
	n := float64(len(p))
	for j, v := range p {
		m.meanP += float64(v) / n
		m.meanY += float64(y[j]) / n
	}
	for j, v := range p {
		dp, dy := float64(v)-m.meanP, float64(y[j])-m.meanY
		m.varianceP += dp * dp / n
		m.varianceY += dy * dy / n
		m.covariance += dp * dy / n
	}
	return m
}

// columnCorrelation has, per output, the sums of p, y, p², y² and p·y.
func columnCorrelation(n int, value func(moments) float64) *Metric {
	return &Metric{
		counts: 1, sums: 5 * n,
		add: func(s *State, r Rows) {
			for row := range len(r.Values) {
				p, y := r.p(row), r.y(row)
				for j := range p {
					p, y := float64(p[j]), float64(y[j])
					for k, v := range [5]float64{p, y, p * p, y * y, p * y} {
						s.sums[5*j+k].Add(v)
					}
				}
			}
			s.counts[0] += uint64(len(r.Values))
		},
		value: func(s *State) float64 {
			var sum float64
			rows := s.counts[0]
			exactly := new(big.Rat).SetInt(new(big.Int).SetUint64(rows))
			for j := range n {
				c := s.sums[5*j : 5*j+5]
				p, y := &c[0], &c[1]
				sum += value(moments{
					meanP: mean(p, rows), meanY: mean(y, rows),
					varianceP:  covariance(&c[2], p, p, exactly) / float64(rows),
					varianceY:  covariance(&c[3], y, y, exactly) / float64(rows),
					covariance: covariance(&c[4], p, y, exactly) / float64(rows),
				})
			}
			return sum / float64(n)
		},
	}
}
