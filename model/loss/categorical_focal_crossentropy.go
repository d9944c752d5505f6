package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// CategoricalFocalCrossentropy is -Σ_j alpha·(1-q_j)^gamma·t_j·log(q_j) with q = clip(p / Σp), where p is the model's
// output or, with from_logits, its softmax, and t the labels, smoothed towards 1/n. As in Keras it takes no logits from
// the model's last activation.
//
// Arguments: alpha 0.25, gamma 2, from_logits False, label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, categorical_focal_crossentropy.
type CategoricalFocalCrossentropy struct {
	Logits       bool // it computes from logits
	Smoothing    Smoothing
	Alpha, Gamma float64
}

func newCategoricalFocalCrossentropy(a *params.Args) *Loss {
	f := CategoricalFocalCrossentropy{Smoothing: readSmoothing(a), Alpha: a.Float(0.25, "alpha"), Gamma: readGamma(a)}
	f.Logits = a.Bool(false, "from_logits")
	readAxis(a)
	return &Loss{AmongClasses: true, FromLogits: f.Logits, Output: f}
}

// Kind is categorical_focal_crossentropy.
func (CategoricalFocalCrossentropy) Kind() string { return "categorical_focal_crossentropy" }

// Rows computes the losses of rows.
func (f CategoricalFocalCrossentropy) Rows(rows, n int, p, y, losses []float32) {
	if f.Logits {
		f.logitsRows(rows, n, p, y, losses)
		return
	}
	f.rows(rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (f CategoricalFocalCrossentropy) Grad(rows, n int, p, y, scale, dp []float32) {
	if f.Logits {
		f.logitsGrad(rows, n, p, y, scale, dp)
		return
	}
	f.grad(rows, n, p, y, scale, dp)
}

// class is the loss of one class with share p, and its derivative by p.
func (f CategoricalFocalCrossentropy) class(p, t float64) (v, slope float64) {
	q, inside := clip(p)
	log, factor := math.Log(q), math.Pow(1-q, f.Gamma)
	v = -f.Alpha * t * factor * log
	if inside {
		slope = f.Alpha * t * (powSlope(1-q, f.Gamma)*log - factor/q)
	}
	return v, slope
}

func (f CategoricalFocalCrossentropy) rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		sum := rowSum(pr)
		var loss float64
		for j, v := range yr {
			l, _ := f.class(float64(pr[j])/sum, f.Smoothing.class(float64(v), n))
			loss += l
		}
		losses[r] = float32(loss)
	}
}

// grad: with q = p/Σp and u the derivative by q, ∂/∂p_k = (u_k - Σ_j u_j·q_j)/Σp.
func (f CategoricalFocalCrossentropy) grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		sum, s := rowSum(pr), float64(scale[r])
		var inner float64
		for j, v := range yr {
			q := float64(pr[j]) / sum
			_, u := f.class(q, f.Smoothing.class(float64(v), n))
			inner += u * q
		}
		for j, v := range yr {
			_, u := f.class(float64(pr[j])/sum, f.Smoothing.class(float64(v), n))
			out[j] = float32(s * (u - inner) / sum)
		}
	}
}

func (f CategoricalFocalCrossentropy) logitsRows(rows, n int, x, y, losses []float32) {
	for r := range rows {
		xr, yr := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		total := logSumExp(xr)
		var loss float64
		for j, v := range yr {
			l, _ := f.class(math.Exp(float64(xr[j])-total), f.Smoothing.class(float64(v), n))
			loss += l
		}
		losses[r] = float32(loss)
	}
}

// logitsGrad: with q the softmax and u the derivative by q, ∂/∂x_k = q_k·(u_k - Σ_j u_j·q_j).
func (f CategoricalFocalCrossentropy) logitsGrad(rows, n int, x, y, scale, dx []float32) {
	for r := range rows {
		xr, yr, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		total, s := logSumExp(xr), float64(scale[r])
		var inner float64
		for j, v := range yr {
			q := math.Exp(float64(xr[j]) - total)
			_, u := f.class(q, f.Smoothing.class(float64(v), n))
			inner += u * q
		}
		for j, v := range yr {
			q := math.Exp(float64(xr[j]) - total)
			_, u := f.class(q, f.Smoothing.class(float64(v), n))
			out[j] = float32(s * q * (u - inner))
		}
	}
}
