package kernels

import "math"

// The updates below look at a whole array of weights. Sums are made in float64, in the order of the weights. Conversions keep products and
// sums apart: no processor may fuse them.

// Lamb computes the update of You et al. (2019), mean and square being 1/(1-beta1ᵗ) and 1/(1-beta2ᵗ) at step t = 1, 2, ...:
//
//	m += (g - m)·(1-beta1)
//	v += (g² - v)·(1-beta2)
//	d = mean·m / (√(square·v) + eps)
//	p -= lr·‖p‖/‖d‖·d                // where a norm is 0: p -= lr·d
func Lamb(p, g, m, v []float32, lr, beta1, beta2, eps, mean, square float64) {
	exactly("Lamb", "g", len(g), len(p))
	exactly("Lamb", "m", len(m), len(p))
	exactly("Lamb", "v", len(v), len(p))
	beta11, beta21 := float32(1-beta1), float32(1-beta2)
	weights, steps := 0.0, 0.0
	for i, d := range g {
		m[i] += float32((d - m[i]) * beta11)
		v[i] += float32((float32(d*d) - v[i]) * beta21)
		step := lambStep(m[i], v[i], eps, mean, square)
		weights += float64(float64(p[i]) * float64(p[i]))
		steps += float64(step * step)
	}
	ratio := 1.0
	if weights > 0 && steps > 0 {
		ratio = math.Sqrt(weights) / math.Sqrt(steps)
	}
	ratio *= lr
	for i := range p {
		p[i] -= float32(ratio * lambStep(m[i], v[i], eps, mean, square))
	}
}

func lambStep(m, v float32, eps, mean, square float64) float64 {
	return mean * float64(m) / (math.Sqrt(square*float64(v)) + eps)
}
