package metric

import "github.com/beamfit/beamfit/model/params"

// accuracy is binary_accuracy for an output of width 1 and categorical_accuracy for a wider one.
//
// Source: keras/src/trainers/compile_utils.py, get_metric (labels here are always one-hot, never class indexes).
func accuracy(a *params.Args, n int) Metric {
	if n == 1 {
		return binaryAccuracy(a, n)
	}
	return categoricalAccuracy(a, n)
}

// crossentropy is binary_crossentropy for an output of width 1 and categorical_crossentropy for a wider one.
//
// Source: as accuracy.
func crossentropy(_ *params.Args, n int) Metric {
	name := "categorical_crossentropy"
	if n == 1 {
		name = "binary_crossentropy"
	}
	return Metric{Loss: mustLoss(name)}
}
