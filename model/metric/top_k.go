package metric

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// topKCategoricalAccuracy is 1 where fewer than k (5) classes have a higher prediction than the label's class, else 0;
// so all classes that tie at the boundary are in. A row with a prediction that is not finite gives 0.
//
// Source: keras/src/metrics/accuracy_metrics.py, top_k_categorical_accuracy; tf.math.in_top_k.
func topKCategoricalAccuracy(a *params.Args, _ int) Metric {
	k := a.Int(5, "k")
	if k < 1 {
		a.Failf("k must be at least 1, found %d", k)
	}
	return Metric{Rows: func(rows, n int, p, y, values []float32) {
		for r := range rows {
			row := p[r*n : (r+1)*n]
			values[r] = 0
			if inTopK(row, argmax(y[r*n:(r+1)*n]), k) {
				values[r] = 1
			}
		}
	}}
}

func inTopK(row []float32, class, k int) bool {
	above := 0
	for _, v := range row {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
		if v > row[class] {
			above++
		}
	}
	return above < k
}
