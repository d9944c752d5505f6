package metric

import "github.com/beamfit/beamfit/model/params"

// categoricalAccuracy is 1 where the class with the highest prediction is the label's, else 0; the first class wins
// ties.
//
// Source: keras/src/metrics/accuracy_metrics.py, categorical_accuracy.
func categoricalAccuracy(*params.Args, int) Metric {
	return Metric{Rows: func(rows, n int, p, y, values []float32) {
		for r := range rows {
			values[r] = 0
			if argmax(p[r*n:(r+1)*n]) == argmax(y[r*n:(r+1)*n]) {
				values[r] = 1
			}
		}
	}}
}

// argmax is the index of the first maximum; NaN is never greater.
func argmax(row []float32) int {
	best := 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}
