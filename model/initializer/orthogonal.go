package initializer

import (
	"math"
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawOrthogonal fills with Gain times a random matrix whose columns, or rows where there are fewer of them, are
// orthonormal; an array with more than two dimensions is the matrix of its last dimension by all others
// (keras.initializers.Orthogonal).
//
// The vectors are normal draws, made orthonormal one after the other (Gram-Schmidt, each twice against rounding): the Q of
// a QR factorisation whose R has a positive diagonal, as Keras'. It takes 8 bytes per element, and time
// proportional to the elements times the vectors.
func drawOrthogonal(i keras.Initializer, shape []int, r *rand.Rand, out []float32) {
	columns := shape[len(shape)-1]
	rows := len(out) / max(1, columns)
	count, length := min(rows, columns), max(rows, columns)
	vectors := make([][]float64, count)
	for k := range vectors {
		v := make([]float64, length)
		for j := range v {
			v[j] = r.NormFloat64()
		}
		for range 2 {
			for _, u := range vectors[:k] {
				subtract(v, u)
			}
			normalise(v)
		}
		vectors[k] = v
		for j, e := range v {
			at := j*columns + k
			if rows < columns {
				at = k*columns + j
			}
			out[at] = float32(i.Gain * e)
		}
	}
}

// subtract takes the part along the unit vector u out of v.
func subtract(v, u []float64) {
	var dot float64
	for j, e := range u {
		dot += float64(e * v[j])
	}
	for j, e := range u {
		v[j] -= float64(dot * e)
	}
}

func normalise(v []float64) {
	var sum float64
	for _, e := range v {
		sum += float64(e * e)
	}
	length := math.Sqrt(sum)
	for j := range v {
		v[j] /= length
	}
}
