package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// CategoricalCrossentropy is -Σ_j t_j·log(q_j), where q is the softmax of the logits or, without logits,
// clip(p / Σp), and t the labels, smoothed towards 1/n.
//
// The gradient from logits is scale·(q - t) as in TensorFlow, which is exact for labels that sum to 1, as one-hot ones do;
// without logits it is exact for any.
//
// Arguments: from_logits False (True: the model's output is logits), label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, categorical_crossentropy; keras/src/backend/tensorflow/nn.py,
// categorical_crossentropy.
type CategoricalCrossentropy struct {
	Logits    bool // it computes from logits
	Smoothing Smoothing
}

func newCategoricalCrossentropy(a *params.Args) *Loss {
	fromLogits, smoothing := a.Bool(false, "from_logits"), readSmoothing(a)
	readAxis(a)
	return &Loss{AmongClasses: true, FromLogits: fromLogits, Output: CategoricalCrossentropy{fromLogits, smoothing}, Logits: CategoricalCrossentropy{true, smoothing}}
}

// Kind is categorical_crossentropy.
func (CategoricalCrossentropy) Kind() string { return "categorical_crossentropy" }

// Rows computes the losses of rows.
func (l CategoricalCrossentropy) Rows(rows, n int, p, y, losses []float32) {
	switch {
	case !l.Logits:
		categoricalRows(l.Smoothing, rows, n, p, y, losses)
	case l.Smoothing == 0:
		kernels.SoftmaxCrossEntropy(rows, n, p, y, losses)
	default:
		smoothedRows(l.Smoothing, rows, n, p, y, losses)
	}
}

// Grad computes the gradient of the predictions.
func (l CategoricalCrossentropy) Grad(rows, n int, p, y, scale, dp []float32) {
	switch {
	case !l.Logits:
		categoricalGrad(l.Smoothing, rows, n, p, y, scale, dp)
	case l.Smoothing == 0:
		kernels.SoftmaxCrossEntropyGrad(rows, n, p, y, scale, dp)
	default:
		smoothedGrad(l.Smoothing, rows, n, p, y, scale, dp)
	}
}

func categoricalRows(smooth Smoothing, rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		sum := rowSum(pr)
		var loss float64
		for j, v := range yr {
			if t := smooth.class(float64(v), n); t != 0 {
				q, _ := clip(float64(pr[j]) / sum)
				loss -= t * math.Log(q)
			}
		}
		losses[r] = float32(loss)
	}
}

// categoricalGrad: with U the classes that the clip leaves alone, ∂/∂p_k = (Σ_{j∈U} t_j)/Σp - [k∈U]·t_k/p_k.
func categoricalGrad(smooth Smoothing, rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		sum, s := rowSum(pr), float64(scale[r])
		var mass float64
		for j, v := range yr {
			if _, inside := clip(float64(pr[j]) / sum); inside {
				mass += smooth.class(float64(v), n)
			}
		}
		for j, v := range yr {
			d, t := mass/sum, smooth.class(float64(v), n)
			if _, inside := clip(float64(pr[j]) / sum); inside && t != 0 {
				d -= t / float64(pr[j])
			}
			out[j] = float32(s * d)
		}
	}
}

// smoothedRows is Σ_j t_j·(log Σexp(x) - x_j).
func smoothedRows(smooth Smoothing, rows, n int, x, y, losses []float32) {
	for r := range rows {
		xr, yr := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		total := logSumExp(xr)
		var loss float64
		for j, v := range yr {
			loss += smooth.class(float64(v), n) * (total - float64(xr[j]))
		}
		losses[r] = float32(loss)
	}
}

func smoothedGrad(smooth Smoothing, rows, n int, x, y, scale, dx []float32) {
	for r := range rows {
		xr, yr, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		total, s := logSumExp(xr), float64(scale[r])
		for j, v := range yr {
			q := math.Exp(float64(xr[j]) - total)
			out[j] = float32(s * (q - smooth.class(float64(v), n)))
		}
	}
}

func rowSum(row []float32) float64 {
	var sum float64
	for _, v := range row {
		sum += float64(v)
	}
	return sum
}

// logSumExp is log Σexp(x) without overflow.
func logSumExp(row []float32) float64 {
	top := math.Inf(-1)
	for _, v := range row {
		top = max(top, float64(v))
	}
	var sum float64
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}
