package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// meanAbsolutePercentageError is 100 times the mean over the outputs of |p-y| / max(|y|, epsilon); its gradient is 0
// where p = y.
//
// Source: keras/src/losses/losses.py, mean_absolute_percentage_error.
func meanAbsolutePercentageError(*params.Args) *Loss {
	return &Loss{Output: mean(element{
		func(p, y float64) float64 { return 100 * math.Abs(p-y) / max(math.Abs(y), epsilon) },
		func(p, y float64) float64 { return 100 * sign(p-y) / max(math.Abs(y), epsilon) },
	})}
}
