package initializer

import (
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawIdentity fills a matrix with Gain on the diagonal and 0 elsewhere (keras.initializers.Identity).
func drawIdentity(i keras.Initializer, shape []int, _ *rand.Rand, out []float32) {
	for k := range min(shape[0], shape[1]) {
		out[k*shape[1]+k] = float32(i.Gain)
	}
}
