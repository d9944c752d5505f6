package loss

import "math"

// LogCosh is the mean over the outputs of log(cosh(p-y)), computed as |d| + log(1 + exp(-2|d|)) - log 2, which never
// overflows.
//
// Source: keras/src/losses/losses.py, log_cosh.
type LogCosh struct{}

// Kind is log_cosh.
func (LogCosh) Kind() string { return "log_cosh" }

// Rows computes the losses of rows.
func (l LogCosh) Rows(rows, n int, p, y, losses []float32) { meanRows(l, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l LogCosh) Grad(rows, n int, p, y, scale, dp []float32) { meanGrad(l, rows, n, p, y, scale, dp) }

func (LogCosh) value(p, y float64) float64 {
	d := math.Abs(p - y)
	return d + math.Log1p(math.Exp(-2*d)) - math.Ln2
}

func (LogCosh) slope(p, y float64) float64 { return math.Tanh(p - y) }
