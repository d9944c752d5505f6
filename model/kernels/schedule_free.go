package kernels

import "math"

// ScheduleFreeAdamW computes the update of Defazio et al. (2024), z being the sequence of steps; weight is 1/t and square 1/(1-beta2ᵗ) at step t = 1, 2, ...:
//
//	v += (g² - v)·(1-beta2)
//	x = (p - (1-beta1)·z)/beta1
//	z -= lr·g / (√(square·v) + eps)
//	x += (z - x)·weight
//	p = (1-beta1)·z + beta1·x
//
// The division by beta1 drops out of the sum, which is made in float64.
func ScheduleFreeAdamW(p, g, z, v []float32, lr, beta1, beta2, eps, weight, square float64) {
	exactly("ScheduleFreeAdamW", "g", len(g), len(p))
	exactly("ScheduleFreeAdamW", "z", len(z), len(p))
	exactly("ScheduleFreeAdamW", "v", len(v), len(p))
	beta21, keep, last, next := float32(1-beta2), 1-weight, 1-beta1, 1-beta1+beta1*weight
	for i, d := range g {
		v[i] += float32((float32(d*d) - v[i]) * beta21)
		before := float64(z[i])
		after := before - float64(lr*float64(d)/(math.Sqrt(square*float64(v[i]))+eps))
		z[i] = float32(after)
		p[i] = float32(float64(keep*(float64(p[i])-float64(last*before))) + float64(next*after))
	}
}
