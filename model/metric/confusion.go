package metric

import "github.com/beamfit/beamfit/model/params"

// A single is a metric of the confusion at one threshold.
func single(h *histogram, value func(confusion) float64) *Metric {
	h.labels = 1
	return h.metric(func(h *histogram, s *State) float64 { return value(h.ofLabel(s, 0)[0]) })
}

// conditions makes TruePositives and its like: the number of elements that are what the name says.
//
// Arguments: thresholds 0.5.
//
// Source: keras/src/metrics/confusion_metrics.py, _ConfusionMatrixConditionCount.
func conditions(value func(confusion) float64) func(a *params.Args, n int) *Metric {
	return func(a *params.Args, _ int) *Metric {
		return single(&histogram{thresholds: []float32{readThreshold(a, 0.5)}, class: -1}, value)
	}
}

// rates makes Precision and Recall.
//
// Arguments: thresholds 0.5, or with top_k any; top_k all; class_id all.
//
// Source: keras/src/metrics/confusion_metrics.py, Precision, Recall.
func rates(value func(confusion) float64) func(a *params.Args, n int) *Metric {
	return func(a *params.Args, n int) *Metric {
		h := &histogram{class: readClass(a, n)}
		threshold := float32(0.5)
		if a.Has("top_k") {
			threshold = filtered
			if h.topK = a.Int(0, "top_k"); h.topK < 1 || h.topK > n {
				a.Failf("argument top_k must lie from 1 to %d, found %d", n, h.topK)
			}
		}
		h.thresholds = []float32{readThreshold(a, threshold)}
		return single(h, value)
	}
}

// bestWhere makes SensitivityAtSpecificity and its like: the highest value of wanted among the thresholds at which given has
// at least the value of the argument; 0 where there is none.
//
// Arguments: the bound, which must be given; num_thresholds 200; class_id all.
//
// Source: keras/src/metrics/confusion_metrics.py, SensitivitySpecificityBase.
func bestWhere(bound string, given, wanted func(confusion) float64) func(a *params.Args, n int) *Metric {
	return func(a *params.Args, n int) *Metric {
		least := float32(readShare(a, bound))
		count := readCount(a, 200, 1, "num_thresholds")
		h := &histogram{thresholds: spread(count), even: count > 1, labels: 1, class: readClass(a, n)}
		return h.metric(func(h *histogram, s *State) float64 {
			best := 0.0
			for _, c := range h.ofLabel(s, 0) {
				if float32(given(c)) >= least {
					best = max(best, wanted(c))
				}
			}
			return best
		})
	}
}
