package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// huber is the mean over the outputs of d²/2 where |d| <= delta, else delta·|d| - delta²/2, with d = p-y.
//
// Arguments: delta 1, greater than 0.
//
// Source: keras/src/losses/losses.py, huber.
func huber(a *params.Args) *Loss {
	delta := a.Float(1, "delta")
	if !(delta > 0) {
		a.Failf("argument delta must be greater than 0, found %v", delta)
	}
	return &Loss{Output: mean(element{
		func(p, y float64) float64 {
			d := math.Abs(p - y)
			if d <= delta {
				return d * d / 2
			}
			return delta*d - delta*delta/2
		},
		func(p, y float64) float64 {
			d, _ := bounded(p-y, -delta, delta)
			return d
		},
	})}
}
