package metric

import "github.com/beamfit/beamfit/model/params"

// accuracy is binary_accuracy for an output of width 1 and categorical_accuracy for a wider one: its labels are one-hot,
// class numbers included, which are made one-hot before they come here. Accuracy() with brackets is the share of elements
// of predictions and labels that are equal.
//
// Source: keras/src/trainers/compile_utils.py, get_metric; keras/src/metrics/accuracy_metrics.py, accuracy.
func accuracy(a *params.Args, n int) *Metric {
	switch {
	case a.Called():
		return rowMean(equalElements)
	case n == 1:
		return binaryAccuracy(a, n)
	}
	return categoricalAccuracy(a, n)
}

// equalElements is the share of a row's predictions that equal their labels.
func equalElements(rows, n int, p, y, values []float32) {
	for r := range rows {
		equal := 0
		for i := r * n; i < (r+1)*n; i++ {
			if p[i] == y[i] {
				equal++
			}
		}
		values[r] = float32(float64(equal) / float64(n))
	}
}

// crossentropy is binary_crossentropy for an output of width 1 and categorical_crossentropy for a wider one.
//
// Source: as accuracy.
func crossentropy(_ *params.Args, n int) *Metric {
	if n == 1 {
		return ofLoss(mustLoss("binary_crossentropy"))
	}
	return ofLoss(mustLoss("categorical_crossentropy"))
}
