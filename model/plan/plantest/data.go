package plantest

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/beamfit/beamfit/model/keras"
)

// RandomWeights are small numbers, and positive ones for variances.
func RandomWeights(spec *keras.Spec, rng *rand.Rand) []float32 {
	w := make([]float32, spec.NumWeights)
	for _, a := range spec.Weights {
		for i := range a.Size() {
			v := rng.NormFloat64() * 0.6
			if strings.HasSuffix(a.Name, "variance") {
				v = 0.5 + math.Abs(v)
			}
			w[a.Offset+i] = float32(v)
		}
	}
	return w
}

// Normals are n numbers of a normal distribution.
func Normals(n int, rng *rand.Rand) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// OneHot are random labels.
func OneHot(rows, n int, rng *rand.Rand) []float32 {
	s := make([]float32, rows*n)
	for r := range rows {
		s[r*n+rng.IntN(n)] = 1
	}
	return s
}
