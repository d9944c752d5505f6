package loss

import "math"

// KLDivergence is Σ t·log(t/q), where t and q are labels and predictions bounded to [epsilon, 1].
//
// Source: keras/src/losses/losses.py, kl_divergence.
type KLDivergence struct{}

// Kind is kl_divergence.
func (KLDivergence) Kind() string { return "kl_divergence" }

// Rows computes the losses of rows.
func (KLDivergence) Rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			t, _ := bounded(float64(y[i]), epsilon, 1)
			q, _ := bounded(float64(p[i]), epsilon, 1)
			loss += t * math.Log(t/q)
		}
		losses[r] = float32(loss)
	}
}

// Grad computes the gradient of the predictions.
func (KLDivergence) Grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		for i := r * n; i < (r+1)*n; i++ {
			t, _ := bounded(float64(y[i]), epsilon, 1)
			d := 0.0
			if q, inside := bounded(float64(p[i]), epsilon, 1); inside {
				d = -t / q
			}
			dp[i] = float32(float64(scale[r]) * d)
		}
	}
}
