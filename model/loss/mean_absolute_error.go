package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// meanAbsoluteError is the mean over the outputs of |p-y|; its gradient is 0 where p = y, as TensorFlow's.
//
// Source: keras/src/losses/losses.py, mean_absolute_error.
func meanAbsoluteError(*params.Args) *Loss {
	return &Loss{Output: mean(element{
		func(p, y float64) float64 { return math.Abs(p - y) },
		func(p, y float64) float64 { return sign(p - y) },
	})}
}
