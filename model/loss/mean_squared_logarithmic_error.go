package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// meanSquaredLogarithmicError is the mean over the outputs of (log(1+p) - log(1+y))², with p and y at least epsilon.
//
// Source: keras/src/losses/losses.py, mean_squared_logarithmic_error.
func meanSquaredLogarithmicError(*params.Args) *Loss {
	difference := func(p, y float64) float64 { return math.Log1p(max(p, epsilon)) - math.Log1p(max(y, epsilon)) }
	return &Loss{Output: mean(element{
		func(p, y float64) float64 { d := difference(p, y); return d * d },
		func(p, y float64) float64 {
			if p < epsilon {
				return 0
			}
			return 2 * difference(p, y) / (1 + p)
		},
	})}
}
