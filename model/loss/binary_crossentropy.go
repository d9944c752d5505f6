package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// BinaryCrossentropy is the mean over the outputs of -(t·log(q) + (1-t)·log(1-q)), where q is the sigmoid of the
// logits or, without logits, clip(p), and t the label, smoothed towards 1/2. From logits x it is computed as
// max(x, 0) - x·t + log(1 + exp(-|x|)), which never overflows.
//
// Arguments: from_logits False (True: the model's output is logits), label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, binary_crossentropy; keras/src/backend/tensorflow/nn.py, binary_crossentropy;
// tf.nn.sigmoid_cross_entropy_with_logits.
type BinaryCrossentropy struct {
	Logits    bool // it computes from logits
	Smoothing Smoothing
}

func newBinaryCrossentropy(a *params.Args) *Loss {
	fromLogits, smoothing := a.Bool(false, "from_logits"), readSmoothing(a)
	readAxis(a)
	return &Loss{TwoClasses: true, FromLogits: fromLogits, Output: BinaryCrossentropy{fromLogits, smoothing}, Logits: BinaryCrossentropy{true, smoothing}}
}

// Kind is binary_crossentropy.
func (BinaryCrossentropy) Kind() string { return "binary_crossentropy" }

// Rows computes the losses of rows.
func (l BinaryCrossentropy) Rows(rows, n int, p, y, losses []float32) {
	if l.Logits {
		meanRows(binaryOfLogits(l), rows, n, p, y, losses)
		return
	}
	meanRows(binaryOfOutput(l), rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l BinaryCrossentropy) Grad(rows, n int, p, y, scale, dp []float32) {
	if l.Logits {
		meanGrad(binaryOfLogits(l), rows, n, p, y, scale, dp)
		return
	}
	meanGrad(binaryOfOutput(l), rows, n, p, y, scale, dp)
}

type binaryOfOutput BinaryCrossentropy

func (l binaryOfOutput) value(p, y float64) float64 { return binaryOutput(p, l.Smoothing.binary(y)) }

func (l binaryOfOutput) slope(p, y float64) float64 {
	return binaryOutputSlope(p, l.Smoothing.binary(y))
}

type binaryOfLogits BinaryCrossentropy

func (l binaryOfLogits) value(x, y float64) float64 { return binaryLogits(x, l.Smoothing.binary(y)) }
func (l binaryOfLogits) slope(x, y float64) float64 { return sigmoid(x) - l.Smoothing.binary(y) }

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
