package loss

import "github.com/beamfit/beamfit/model/params"

// meanSquaredError is the mean over the outputs of (p-y)².
//
// Source: keras/src/losses/losses.py, mean_squared_error.
func meanSquaredError(*params.Args) *Loss {
	return &Loss{Output: mean(element{
		func(p, y float64) float64 { return (p - y) * (p - y) },
		func(p, y float64) float64 { return 2 * (p - y) },
	})}
}
