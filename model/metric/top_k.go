package metric

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/params"
)

// topKCategoricalAccuracy is 1 where fewer than k (5) classes have a higher prediction than the label's class, else 0;
// so all classes that tie at the boundary are in. A row with a prediction that is not finite gives 0.
//
// Source: keras/src/metrics/accuracy_metrics.py, top_k_categorical_accuracy; tf.math.in_top_k.
func topKCategoricalAccuracy(a *params.Args, _ int) *Metric { return topK(readK(a), argmax) }

func topK(k int, class func(y []float32) int) *Metric {
	return rowMean(func(rows, n int, p, y, values []float32) {
		for r := range rows {
			values[r] = 0
			if inTopK(p[r*n:(r+1)*n], class(y[r*n:(r+1)*n]), k) {
				values[r] = 1
			}
		}
	})
}

// sparseTopKCategoricalAccuracy is topKCategoricalAccuracy for class numbers; with from_sorted_ids the
// predictions are class numbers, the likeliest first, and a row gives 1 where the label's is among the first k.
//
// Source: keras/src/metrics/accuracy_metrics.py, sparse_top_k_categorical_accuracy.
func sparseTopKCategoricalAccuracy(a *params.Args, _ int) *Metric {
	sorted, k := a.Bool(false, "from_sorted_ids"), readK(a)
	if !sorted {
		return topK(k, classNumber)
	}
	return rowMean(func(rows, n int, p, y, values []float32) {
		for r := range rows {
			values[r] = 0
			class := float32(classNumber(y[r*n : (r+1)*n]))
			if slices.Contains(p[r*n:r*n+min(k, n)], class) {
				values[r] = 1
			}
		}
	})
}

func readK(a *params.Args) int {
	k := a.Int(5, "k")
	if k < 1 {
		a.Failf("k must be at least 1, found %d", k)
	}
	return k
}

// inTopK tells whether a class is in; none of the output's is not.
func inTopK(row []float32, class, k int) bool {
	if class < 0 {
		return false
	}
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
