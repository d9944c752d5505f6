package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// BinaryFocalCrossentropy is the mean over the outputs of w·(1-h)^gamma·c: c is the binary cross-entropy, h = t·p +
// (1-t)·(1-p) the share that is right, and w = t·alpha + (1-t)·(1-alpha) with class balancing, else 1. Labels t are
// smoothed as in binary_crossentropy.
//
// As in Keras c comes from the logits of a sigmoid or softmax, while p is the output itself: of a softmax, c is that of
// the logits' sigmoids and p the softmax. With from_logits both come from the sigmoid of the model's output.
//
// Arguments: apply_class_balancing False, alpha 0.25, gamma 2, from_logits False, label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, binary_focal_crossentropy.
type BinaryFocalCrossentropy struct {
	Logits       bool // it computes from the logits of a sigmoid
	Softmax      bool // it computes from the logits of a softmax
	Smoothing    Smoothing
	Balanced     bool // by class
	Alpha, Gamma float64
}

func newBinaryFocalCrossentropy(a *params.Args) *Loss {
	f := BinaryFocalCrossentropy{
		Smoothing: readSmoothing(a), Balanced: a.Bool(false, "apply_class_balancing"),
		Alpha: a.Float(0.25, "alpha"), Gamma: readGamma(a),
	}
	fromLogits := a.Bool(false, "from_logits")
	readAxis(a)
	logits, softmax := f, f
	logits.Logits, softmax.Softmax = true, true
	if fromLogits {
		return &Loss{TwoClasses: true, FromLogits: true, Output: logits}
	}
	return &Loss{TwoClasses: true, Output: f, Logits: logits, SoftmaxLogits: softmax}
}

// Kind is binary_focal_crossentropy.
func (BinaryFocalCrossentropy) Kind() string { return "binary_focal_crossentropy" }

// Rows computes the losses of rows.
func (f BinaryFocalCrossentropy) Rows(rows, n int, p, y, losses []float32) {
	switch {
	case f.Softmax:
		f.softmaxRows(rows, n, p, y, losses)
	case f.Logits:
		meanRows(focalOfLogits{f}, rows, n, p, y, losses)
	default:
		meanRows(focalOfOutput{f}, rows, n, p, y, losses)
	}
}

// Grad computes the gradient of the predictions.
func (f BinaryFocalCrossentropy) Grad(rows, n int, p, y, scale, dp []float32) {
	switch {
	case f.Softmax:
		f.softmaxGrad(rows, n, p, y, scale, dp)
	case f.Logits:
		meanGrad(focalOfLogits{f}, rows, n, p, y, scale, dp)
	default:
		meanGrad(focalOfOutput{f}, rows, n, p, y, scale, dp)
	}
}

// readGamma reads the exponent of a focal loss.
func readGamma(a *params.Args) float64 {
	gamma := a.Float(2, "gamma")
	if !(gamma >= 0) {
		a.Failf("argument gamma must not be negative, found %v", gamma)
	}
	return gamma
}

// factor is w·(1-h)^gamma for a label that is smoothed, and its derivative by p.
func (f BinaryFocalCrossentropy) factor(p, t float64) (v, slope float64) {
	w := 1.0
	if f.Balanced {
		w = t*f.Alpha + (1-t)*(1-f.Alpha)
	}
	miss := 1 - (t*p + (1-t)*(1-p))
	return w * math.Pow(miss, f.Gamma), w * powSlope(miss, f.Gamma) * (1 - 2*t)
}

// powSlope is the derivative of v^e, 0 for e = 0.
func powSlope(v, e float64) float64 {
	if e == 0 {
		return 0 * v
	}
	return e * math.Pow(v, e-1)
}

type focalOfOutput struct{ BinaryFocalCrossentropy }

func (f focalOfOutput) value(p, y float64) float64 {
	t := f.Smoothing.binary(y)
	v, _ := f.factor(p, t)
	return v * binaryOutput(p, t)
}

func (f focalOfOutput) slope(p, y float64) float64 {
	t := f.Smoothing.binary(y)
	v, slope := f.factor(p, t)
	return v*binaryOutputSlope(p, t) + slope*binaryOutput(p, t)
}

type focalOfLogits struct{ BinaryFocalCrossentropy }

func (f focalOfLogits) value(x, y float64) float64 {
	t := f.Smoothing.binary(y)
	v, _ := f.factor(sigmoid(x), t)
	return v * binaryLogits(x, t)
}

func (f focalOfLogits) slope(x, y float64) float64 {
	t, p := f.Smoothing.binary(y), sigmoid(x)
	v, slope := f.factor(p, t)
	return v*(p-t) + slope*p*(1-p)*binaryLogits(x, t)
}

func (f BinaryFocalCrossentropy) softmaxRows(rows, n int, x, y, losses []float32) {
	for r := range rows {
		xr, yr := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		total := logSumExp(xr)
		var loss float64
		for j, v := range yr {
			t := f.Smoothing.binary(float64(v))
			factor, _ := f.factor(math.Exp(float64(xr[j])-total), t)
			loss += factor * binaryLogits(float64(xr[j]), t)
		}
		losses[r] = float32(loss / float64(n))
	}
}

// softmaxGrad: with p the softmax, ∂/∂x_j = factor_j·(sigmoid(x_j) - t_j) + p_j·(u_j - Σ_i p_i·u_i), u being the
// derivative by p.
func (f BinaryFocalCrossentropy) softmaxGrad(rows, n int, x, y, scale, dx []float32) {
	for r := range rows {
		xr, yr, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		total, s := logSumExp(xr), float64(scale[r])/float64(n)
		var sum float64
		for j, v := range yr {
			t, q := f.Smoothing.binary(float64(v)), float64(xr[j])
			p := math.Exp(q - total)
			_, slope := f.factor(p, t)
			sum += p * slope * binaryLogits(q, t)
		}
		for j, v := range yr {
			t, q := f.Smoothing.binary(float64(v)), float64(xr[j])
			p := math.Exp(q - total)
			factor, slope := f.factor(p, t)
			out[j] = float32(s * (factor*(sigmoid(q)-t) + p*(slope*binaryLogits(q, t)-sum)))
		}
	}
}
