package metric

import "github.com/beamfit/beamfit/model/params"

// spread are n thresholds from 0 to 1, or 0.5 where n is 1.
//
// Source: keras/src/metrics/confusion_metrics.py, SensitivitySpecificityBase.
func spread(n int) []float32 {
	if n == 1 {
		return []float32{0.5}
	}
	thresholds := make([]float32, n)
	for i := range thresholds {
		thresholds[i] = float32(float64(i) / float64(n-1))
	}
	return thresholds
}

// readCount reads a number of thresholds or classes.
func readCount(a *params.Args, byDefault, least int, name string) int {
	n := a.Int(byDefault, name)
	if n < least || n > maxState {
		a.Failf("argument %s must lie from %d to %d, found %d", name, least, maxState, n)
		return max(least, 1)
	}
	return n
}

// readThreshold reads thresholds=: one number from 0 to 1, which may stand in a list. More have one value each in Keras, and
// there is one here.
func readThreshold(a *params.Args, byDefault float32) float32 {
	numbers := a.FloatOrFloats("thresholds")
	switch {
	case numbers == nil:
		return byDefault
	case len(numbers) != 1:
		a.Failf("argument thresholds must be one number, found %d: a metric is one value; write one metric for each", len(numbers))
		return byDefault
	case !(numbers[0] >= 0 && numbers[0] <= 1):
		a.Failf("argument thresholds must lie from 0 to 1, found %v", numbers[0])
	}
	return float32(numbers[0])
}

// readClass reads class_id=, -1 where it is absent.
func readClass(a *params.Args, n int) int {
	if !a.Has("class_id") {
		return -1
	}
	class := a.Int(0, "class_id")
	if class < 0 || class >= n {
		a.Failf("argument class_id must lie from 0 to %d, found %d", n-1, class)
		return -1
	}
	return class
}

// readShare reads a required number from 0 to 1.
func readShare(a *params.Args, name string) float64 {
	v := a.RequiredFloat(name)
	if !(v >= 0 && v <= 1) {
		a.Failf("argument %s must lie from 0 to 1, found %v", name, v)
	}
	return v
}
