package initializer

import (
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawZeros leaves the array at 0 (keras.initializers.Zeros).
func drawZeros(keras.Initializer, []int, *rand.Rand, []float32) {}

// drawOnes fills with 1 (keras.initializers.Ones).
func drawOnes(_ keras.Initializer, _ []int, _ *rand.Rand, out []float32) { fill(out, 1) }

// drawConstant fills with Value (keras.initializers.Constant).
func drawConstant(i keras.Initializer, _ []int, _ *rand.Rand, out []float32) {
	fill(out, float32(i.Value))
}

func fill(out []float32, v float32) {
	for j := range out {
		out[j] = v
	}
}
