package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// binaryCrossentropy is the mean over the outputs of -(t·log(q) + (1-t)·log(1-q)), where q is the sigmoid of the
// logits or, without logits, clip(p), and t the label, smoothed towards 1/2. From logits x it is computed as
// max(x, 0) - x·t + log(1 + exp(-|x|)), which never overflows.
//
// Arguments: from_logits False (True: the model's output is logits), label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, binary_crossentropy; keras/src/backend/tensorflow/nn.py, binary_crossentropy;
// tf.nn.sigmoid_cross_entropy_with_logits.
func binaryCrossentropy(a *params.Args) *Loss {
	fromLogits, smooth := a.Bool(false, "from_logits"), readSmoothing(a)
	readAxis(a)
	output := mean(element{
		func(p, y float64) float64 { return binaryOutput(p, smooth.binary(y)) },
		func(p, y float64) float64 { return binaryOutputSlope(p, smooth.binary(y)) },
	})
	logits := mean(element{
		func(x, y float64) float64 { return binaryLogits(x, smooth.binary(y)) },
		func(x, y float64) float64 { return sigmoid(x) - smooth.binary(y) },
	})
	if fromLogits {
		output = logits
	}
	return &Loss{Output: output, Logits: &logits}
}

func binaryOutput(p, t float64) float64 {
	q, _ := clip(p)
	return -(t*math.Log(q) + (1-t)*math.Log(1-q))
}

func binaryOutputSlope(p, t float64) float64 {
	q, inside := clip(p)
	if !inside {
		return 0
	}
	return (1-t)/(1-q) - t/q
}

func binaryLogits(x, t float64) float64 {
	return max(x, 0) - x*t + math.Log1p(math.Exp(-math.Abs(x)))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
