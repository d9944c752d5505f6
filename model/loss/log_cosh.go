package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// logCosh is the mean over the outputs of log(cosh(p-y)), computed as |d| + log(1 + exp(-2|d|)) - log 2, which never
// overflows.
//
// Source: keras/src/losses/losses.py, log_cosh.
func logCosh(*params.Args) *Loss {
	return &Loss{Output: mean(element{
		func(p, y float64) float64 {
			d := math.Abs(p - y)
			return d + math.Log1p(math.Exp(-2*d)) - math.Ln2
		},
		func(p, y float64) float64 { return math.Tanh(p - y) },
	})}
}
