package initializer

import (
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawRandomUniform draws evenly between Minval and Maxval (keras.initializers.RandomUniform). Maxval itself can only
// come from rounding to float32.
func drawRandomUniform(i keras.Initializer, _ []int, r *rand.Rand, out []float32) {
	uniform(r, i.Minval, i.Maxval, out)
}

func uniform(r *rand.Rand, low, high float64, out []float32) {
	for j := range out {
		u := r.Float64()
		out[j] = float32(float64(low*(1-u)) + float64(high*u)) // no overflow of high-low
	}
}
