package initializer

import (
	"math"
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawTruncatedNormal draws from the normal distribution with Mean and Stddev, again wherever a draw is more than two
// Stddev from Mean (keras.initializers.TruncatedNormal). Stddev is that of the distribution before it is cut; that of
// the draws is truncatedStddev times as large.
func drawTruncatedNormal(i keras.Initializer, _ []int, r *rand.Rand, out []float32) {
	truncatedNormal(r, i.Mean, i.Stddev, out)
}

// truncatedStddev is the standard deviation of the standard normal distribution cut at -2 and 2:
// sqrt(1 - 4*pdf(2)/(cdf(2)-cdf(-2))), in the digits that Keras uses (random_initializers.py, VarianceScaling).
const truncatedStddev = 0.87962566103423978

func truncatedNormal(r *rand.Rand, mean, stddev float64, out []float32) {
	for j := range out {
		z := r.NormFloat64()
		for math.Abs(z) > 2 {
			z = r.NormFloat64()
		}
		out[j] = float32(mean + float64(stddev*z))
	}
}
