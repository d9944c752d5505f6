package kernels

import "math"

// ScaleByNorm multiplies, for each i, the elements w[starts[i]+steps[j]] of all j by factor(n), n being their Euclidean norm.
// norms is room for as many numbers as starts has.
func ScaleByNorm(w []float32, starts, steps []int, norms []float64, factor func(n float64) float64) {
	exactly("ScaleByNorm", "w", len(w), len(starts)*len(steps))
	exactly("ScaleByNorm", "norms", len(norms), len(starts))
	clear(norms)
	for _, step := range steps {
		for i, start := range starts {
			v := float64(w[start+step])
			norms[i] += v * v
		}
	}
	for i, squares := range norms {
		norms[i] = factor(math.Sqrt(squares))
	}
	for _, step := range steps {
		for i, start := range starts {
			w[start+step] = float32(float64(w[start+step]) * norms[i])
		}
	}
}
