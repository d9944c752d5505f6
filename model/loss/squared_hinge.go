package loss

import "github.com/beamfit/beamfit/model/params"

// squaredHinge is the mean over the outputs of max(1 - t·p, 0)², with t as in hinge.
//
// Source: keras/src/losses/losses.py, squared_hinge.
func squaredHinge(*params.Args) *Loss {
	return &Loss{Output: hinged(element{
		func(p, t float64) float64 { m := max(1-t*p, 0); return m * m },
		func(p, t float64) float64 { return -2 * t * max(1-t*p, 0) },
	})}
}
