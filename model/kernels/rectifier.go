package kernels

import "math"

// A Ramp is a rectifier: Max for x >= Max, x for Threshold < x < Max, else Slope·(x - Threshold). Max is +Inf where there
// is none.
//
// Source: keras/src/activations/activations.py, ReLU.
type Ramp struct{ Max, Slope, Threshold float32 }

// Apply computes y[i] = f(x[i]). y may alias x.
func (r Ramp) Apply(x, y []float32) {
	exactly("Ramp", "y", len(y), len(x))
	for i, v := range x {
		if v <= r.Threshold {
			v = r.Slope * (v - r.Threshold)
		} else if v > r.Max {
			v = r.Max
		}
		y[i] = v
	}
}

// Grad computes dx[i] = f'(x[i]) · dy[i]. The slope at Threshold is Slope and that at Max is 0. dx may alias dy.
func (r Ramp) Grad(x, dy, dx []float32) {
	exactly("RampGrad", "dy", len(dy), len(x))
	exactly("RampGrad", "dx", len(dx), len(x))
	for i, v := range x {
		d := dy[i]
		switch {
		case v <= r.Threshold:
			d *= r.Slope
		case v >= r.Max:
			d = 0
		}
		dx[i] = d
	}
}

// ScaledELU computes y[i] = x[i] where x[i] > 0, else alpha·(exp(x[i]) - 1). y may alias x.
func ScaledELU(alpha float32, x, y []float32) {
	exactly("ScaledELU", "y", len(y), len(x))
	for i, v := range x {
		if !(v > 0) {
			v = alpha * float32(math.Expm1(float64(v)))
		}
		y[i] = v
	}
}

// ScaledELUGrad computes the gradient of ScaledELU from its result: dx[i] = dy[i] where y[i] > 0, else (y[i] + alpha)·dy[i].
// alpha must be at least 0. dx may alias dy.
func ScaledELUGrad(alpha float32, y, dy, dx []float32) {
	exactly("ScaledELUGrad", "dy", len(dy), len(y))
	exactly("ScaledELUGrad", "dx", len(dx), len(y))
	for i, v := range y {
		d := dy[i]
		if !(v > 0) {
			d *= v + alpha
		}
		dx[i] = d
	}
}
