package kernels

// Lion computes the update of Chen et al. (2023), m being the momentum:
//
//	p -= lr·sign(beta1·m + (1-beta1)·g)
//	m = beta2·m + (1-beta2)·g
//
// The sign of zero is zero, that of NaN is NaN.
func Lion(p, g, m []float32, lr, beta1, beta2 float64) {
	exactly("Lion", "g", len(g), len(p))
	exactly("Lion", "m", len(m), len(p))
	rate, b1, b11, b2, b21 := float32(lr), float32(beta1), float32(1-beta1), float32(beta2), float32(1-beta2)
	for i, d := range g {
		switch c := float32(m[i]*b1) + float32(d*b11); {
		case c > 0:
			p[i] -= rate
		case c < 0:
			p[i] += rate
		default:
			p[i] -= c // 0 or NaN
		}
		m[i] = float32(m[i]*b2) + float32(d*b21)
	}
}
