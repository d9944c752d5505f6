package metric

import "github.com/beamfit/beamfit/model/params"

// binaryAccuracy is the share of a row's outputs that equal their labels once predictions above threshold (0.5) count
// as 1 and others as 0.
//
// Source: keras/src/metrics/accuracy_metrics.py, binary_accuracy.
func binaryAccuracy(a *params.Args, _ int) *Metric {
	threshold := float32(a.Float(0.5, "threshold"))
	return rowMean(func(rows, n int, p, y, values []float32) {
		for r := range rows {
			hits := 0
			for i := r * n; i < (r+1)*n; i++ {
				class := float32(0)
				if p[i] > threshold {
					class = 1
				}
				if class == y[i] {
					hits++
				}
			}
			values[r] = float32(float64(hits) / float64(n))
		}
	})
}
