package kernels

import "math"

// ScaleToNorm brings the norm of x down to a bound. A norm that is NaN or infinite makes all of x NaN.
func ScaleToNorm(bound float64, x []float32) {
	norm := math.Sqrt(SumSquares64(x))
	if norm <= bound {
		return
	}
	Scale(float32(bound/norm+(norm-norm)), x, x)
}

// Clip bounds every x[i] to [low, high]; NaN stays NaN.
func Clip(low, high float64, x []float32) {
	lo, hi := float32(low), float32(high)
	for i, v := range x {
		switch {
		case v < lo:
			x[i] = lo
		case v > hi:
			x[i] = hi
		}
	}
}

// DecayWeights computes p[i] -= p[i]·decay·lr.
func DecayWeights(p []float32, decay, lr float64) {
	d, rate := float32(decay), float32(lr)
	for i, w := range p {
		p[i] = w - float32(float32(w*d)*rate)
	}
}
