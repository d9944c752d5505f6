package initializer

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawVarianceScaling draws with mean 0 and variance Scale/n, n being the fan that Mode names, at least 1
// (keras.initializers.VarianceScaling, and with it GlorotUniform, HeNormal, ...):
//
//	truncated_normal    truncated normal of stddev sqrt(Scale/n)/truncatedStddev
//	untruncated_normal  normal of stddev sqrt(Scale/n)
//	uniform             between -sqrt(3*Scale/n) and sqrt(3*Scale/n)
//
// Source: keras/src/initializers/random_initializers.py of Keras 3, VarianceScaling.__call__.
func drawVarianceScaling(i keras.Initializer, shape []int, r *rand.Rand, out []float32) {
	in, outward := fans(shape)
	if i.Fans != [2]int{} {
		in, outward = float64(i.Fans[0]), float64(i.Fans[1])
	}
	var n float64
	switch i.Mode {
	case "fan_in":
		n = in
	case "fan_out":
		n = outward
	case "fan_avg":
		n = (in + outward) / 2
	default:
		panic(fmt.Sprintf("initializer: mode %q has passed model/keras but is not known here", i.Mode))
	}
	variance := i.Scale / max(1, n)
	switch i.Distribution {
	case "truncated_normal":
		truncatedNormal(r, 0, math.Sqrt(variance)/truncatedStddev, out)
	case "untruncated_normal":
		normal(r, 0, math.Sqrt(variance), out)
	case "uniform":
		limit := math.Sqrt(3 * variance)
		uniform(r, -limit, limit, out)
	default:
		panic(fmt.Sprintf("initializer: distribution %q has passed model/keras but is not known here", i.Distribution))
	}
}

// fans is the number of inputs and outputs of one unit of an array (compute_fans of the same source): for a kernel
// (in, out) these two, for a convolution (..., in, out) both times the size of the window, for a vector its length.
func fans(shape []int) (in, out float64) {
	switch len(shape) {
	case 0:
		return 1, 1
	case 1:
		return float64(shape[0]), float64(shape[0])
	}
	window := 1.0
	for _, d := range shape[:len(shape)-2] {
		window *= float64(d)
	}
	return window * float64(shape[len(shape)-2]), window * float64(shape[len(shape)-1])
}
