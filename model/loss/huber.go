package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Huber is the mean over the outputs of d²/2 where |d| <= delta, else delta·|d| - delta²/2, with d = p-y.
//
// Arguments: delta 1, greater than 0.
//
// Source: keras/src/losses/losses.py, huber.
type Huber struct{ Delta float64 }

func newHuber(a *params.Args) *Loss {
	delta := a.Float(1, "delta")
	if !(delta > 0) {
		a.Failf("argument delta must be greater than 0, found %v", delta)
	}
	return &Loss{Output: Huber{delta}}
}

// Kind is huber.
func (Huber) Kind() string { return "huber" }

// Rows computes the losses of rows.
func (l Huber) Rows(rows, n int, p, y, losses []float32) { meanRows(l, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l Huber) Grad(rows, n int, p, y, scale, dp []float32) { meanGrad(l, rows, n, p, y, scale, dp) }

func (l Huber) value(p, y float64) float64 {
	d := math.Abs(p - y)
	if d <= l.Delta {
		return d * d / 2
	}
	return l.Delta*d - l.Delta*l.Delta/2
}

func (l Huber) slope(p, y float64) float64 {
	d, _ := bounded(p-y, -l.Delta, l.Delta)
	return d
}
