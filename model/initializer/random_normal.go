package initializer

import (
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawRandomNormal draws from the normal distribution with Mean and Stddev (keras.initializers.RandomNormal).
func drawRandomNormal(i keras.Initializer, _ []int, r *rand.Rand, out []float32) {
	normal(r, i.Mean, i.Stddev, out)
}

func normal(r *rand.Rand, mean, stddev float64, out []float32) {
	for j := range out {
		out[j] = float32(mean + float64(stddev*r.NormFloat64()))
	}
}
