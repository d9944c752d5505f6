package loss

import "math"

// CategoricalHinge is max(neg - pos + 1, 0) with pos = Σ y·p and neg = max (1-y)·p over the outputs of a row. Outputs
// that share the maximum share its gradient, as in TensorFlow.
//
// Source: keras/src/losses/losses.py, categorical_hinge.
type CategoricalHinge struct{}

// Kind is categorical_hinge.
func (CategoricalHinge) Kind() string { return "categorical_hinge" }

// hingeParts are neg and pos of a row, and how many outputs have neg.
func hingeParts(p, y []float32) (neg, pos float64, ties int) {
	neg = math.Inf(-1)
	for j, v := range y {
		t, q := float64(v), float64(p[j])
		pos += t * q
		switch other := (1 - t) * q; {
		case other > neg || other != other:
			neg, ties = other, 1
		case other == neg:
			ties++
		}
	}
	return neg, pos, ties
}

// Rows computes the losses of rows.
func (CategoricalHinge) Rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		neg, pos, _ := hingeParts(p[r*n:(r+1)*n], y[r*n:(r+1)*n])
		losses[r] = float32(max(neg-pos+1, 0))
	}
}

// Grad computes the gradient of the predictions.
func (CategoricalHinge) Grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		neg, pos, ties := hingeParts(pr, yr)
		s, margin := float64(scale[r]), neg-pos+1
		for j, v := range yr {
			t := float64(v)
			d := 0 * margin // NaN stays NaN
			if margin >= 0 {
				d = -t
				if (1-t)*float64(pr[j]) == neg {
					d += (1 - t) / float64(ties)
				}
			}
			out[j] = float32(s * d)
		}
	}
}
