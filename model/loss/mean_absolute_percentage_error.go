package loss

import "math"

// MeanAbsolutePercentageError is 100 times the mean over the outputs of |p-y| / max(|y|, epsilon); its gradient is 0
// where p = y.
//
// Source: keras/src/losses/losses.py, mean_absolute_percentage_error.
type MeanAbsolutePercentageError struct{}

// Kind is mean_absolute_percentage_error.
func (MeanAbsolutePercentageError) Kind() string { return "mean_absolute_percentage_error" }

// Rows computes the losses of rows.
func (l MeanAbsolutePercentageError) Rows(rows, n int, p, y, losses []float32) {
	meanRows(l, rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l MeanAbsolutePercentageError) Grad(rows, n int, p, y, scale, dp []float32) {
	meanGrad(l, rows, n, p, y, scale, dp)
}

func (MeanAbsolutePercentageError) value(p, y float64) float64 {
	return 100 * math.Abs(p-y) / max(math.Abs(y), epsilon)
}

func (MeanAbsolutePercentageError) slope(p, y float64) float64 {
	return 100 * sign(p-y) / max(math.Abs(y), epsilon)
}
