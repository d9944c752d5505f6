package loss

import "math"

// MeanAbsoluteError is the mean over the outputs of |p-y|; its gradient is 0 where p = y, as TensorFlow's.
//
// Source: keras/src/losses/losses.py, mean_absolute_error.
type MeanAbsoluteError struct{}

// Kind is mean_absolute_error.
func (MeanAbsoluteError) Kind() string { return "mean_absolute_error" }

// Rows computes the losses of rows.
func (l MeanAbsoluteError) Rows(rows, n int, p, y, losses []float32) {
	meanRows(l, rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l MeanAbsoluteError) Grad(rows, n int, p, y, scale, dp []float32) {
	meanGrad(l, rows, n, p, y, scale, dp)
}

func (MeanAbsoluteError) value(p, y float64) float64 { return math.Abs(p - y) }

func (MeanAbsoluteError) slope(p, y float64) float64 { return sign(p - y) }
