package metric

import "github.com/beamfit/beamfit/model/params"

// categoricalAccuracy is 1 where the class with the highest prediction is the label's, else 0; the first class wins
// ties.
//
// Source: keras/src/metrics/accuracy_metrics.py, categorical_accuracy.
func categoricalAccuracy(*params.Args, int) *Metric { return hits(argmax) }

// sparseCategoricalAccuracy is categoricalAccuracy for labels that are class numbers, which are one-hot here.
//
// Source: keras/src/metrics/accuracy_metrics.py, sparse_categorical_accuracy.
func sparseCategoricalAccuracy(*params.Args, int) *Metric { return hits(classNumber) }

// hits is the share of rows whose highest prediction is at the label's class.
func hits(class func(y []float32) int) *Metric {
	return rowMean(func(rows, n int, p, y, values []float32) {
		for r := range rows {
			values[r] = 0
			if argmax(p[r*n:(r+1)*n]) == class(y[r*n:(r+1)*n]) {
				values[r] = 1
			}
		}
	})
}

// classNumber is the class number that became a one-hot label; -1 for a label of zeros, whose number was none of the output's.
func classNumber(y []float32) int {
	if class := argmax(y); y[class] != 0 {
		return class
	}
	return -1
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
