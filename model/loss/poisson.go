package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// poisson is the mean over the outputs of p - y·log(p + epsilon).
//
// Source: keras/src/losses/losses.py, poisson.
func poisson(*params.Args) *Loss {
	return &Loss{Output: mean(element{
		func(p, y float64) float64 { return p - y*math.Log(p+epsilon) },
		func(p, y float64) float64 { return 1 - y/(p+epsilon) },
	})}
}
