package loss

import "math"

// MeanSquaredLogarithmicError is the mean over the outputs of (log(1+p) - log(1+y))², with p and y at least epsilon.
//
// Source: keras/src/losses/losses.py, mean_squared_logarithmic_error.
type MeanSquaredLogarithmicError struct{}

// Kind is mean_squared_logarithmic_error.
func (MeanSquaredLogarithmicError) Kind() string { return "mean_squared_logarithmic_error" }

// Rows computes the losses of rows.
func (l MeanSquaredLogarithmicError) Rows(rows, n int, p, y, losses []float32) {
	meanRows(l, rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l MeanSquaredLogarithmicError) Grad(rows, n int, p, y, scale, dp []float32) {
	meanGrad(l, rows, n, p, y, scale, dp)
}

func (MeanSquaredLogarithmicError) value(p, y float64) float64 {
	d := logDifference(p, y)
	return d * d
}

func (MeanSquaredLogarithmicError) slope(p, y float64) float64 {
	if p < epsilon {
		return 0
	}
	return 2 * logDifference(p, y) / (1 + p)
}

// logDifference is log(1+p) - log(1+y), with p and y at least epsilon.
func logDifference(p, y float64) float64 {
	return math.Log1p(max(p, epsilon)) - math.Log1p(max(y, epsilon))
}
