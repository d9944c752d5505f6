package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// categoricalFocalCrossentropy is -Σ_j alpha·(1-q_j)^gamma·t_j·log(q_j) with q = clip(p / Σp), where p is the model's
// output or, with from_logits, its softmax, and t the labels, smoothed towards 1/n. As in Keras it takes no logits from
// the model's last activation.
//
// Arguments: alpha 0.25, gamma 2, from_logits False, label_smoothing 0, axis -1.
//
// Source: keras/src/losses/losses.py, categorical_focal_crossentropy.
func categoricalFocalCrossentropy(a *params.Args) *Loss {
	f := categoricalFocal{smooth: readSmoothing(a), alpha: a.Float(0.25, "alpha"), gamma: readGamma(a)}
	fromLogits := a.Bool(false, "from_logits")
	readAxis(a)
	if fromLogits {
		return &Loss{Output: Func{Rows: f.logitsRows, Grad: f.logitsGrad}}
	}
	return &Loss{Output: Func{Rows: f.rows, Grad: f.grad}}
}

type categoricalFocal struct {
	smooth       smoothing
	alpha, gamma float64
}

// class is the loss of one class with share p, and its derivative by p.
func (f categoricalFocal) class(p, t float64) (v, slope float64) {
	q, inside := clip(p)
	log, factor := math.Log(q), math.Pow(1-q, f.gamma)
	v = -f.alpha * t * factor * log
	if inside {
		slope = f.alpha * t * (powSlope(1-q, f.gamma)*log - factor/q)
	}
	return v, slope
}

func (f categoricalFocal) rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		sum := rowSum(pr)
		var loss float64
		for j, v := range yr {
			l, _ := f.class(float64(pr[j])/sum, f.smooth.class(float64(v), n))
			loss += l
		}
		losses[r] = float32(loss)
	}
}

// grad: with q = p/Σp and u the derivative by q, ∂/∂p_k = (u_k - Σ_j u_j·q_j)/Σp.
func (f categoricalFocal) grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		sum, s := rowSum(pr), float64(scale[r])
		var inner float64
		for j, v := range yr {
			q := float64(pr[j]) / sum
			_, u := f.class(q, f.smooth.class(float64(v), n))
			inner += u * q
		}
		for j, v := range yr {
			_, u := f.class(float64(pr[j])/sum, f.smooth.class(float64(v), n))
			out[j] = float32(s * (u - inner) / sum)
		}
	}
}

func (f categoricalFocal) logitsRows(rows, n int, x, y, losses []float32) {
	for r := range rows {
		xr, yr := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		total := logSumExp(xr)
		var loss float64
		for j, v := range yr {
			l, _ := f.class(math.Exp(float64(xr[j])-total), f.smooth.class(float64(v), n))
			loss += l
		}
		losses[r] = float32(loss)
	}
}

// logitsGrad: with q the softmax and u the derivative by q, ∂/∂x_k = q_k·(u_k - Σ_j u_j·q_j).
func (f categoricalFocal) logitsGrad(rows, n int, x, y, scale, dx []float32) {
	for r := range rows {
		xr, yr, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		total, s := logSumExp(xr), float64(scale[r])
		var inner float64
		for j, v := range yr {
			q := math.Exp(float64(xr[j]) - total)
			_, u := f.class(q, f.smooth.class(float64(v), n))
			inner += u * q
		}
		for j, v := range yr {
			q := math.Exp(float64(xr[j]) - total)
			_, u := f.class(q, f.smooth.class(float64(v), n))
			out[j] = float32(s * q * (u - inner))
		}
	}
}
