//go:build amd64 && !noasm

package kernels

func sgdMomentum(p, g, v []float32, lr, momentum float32, nesterov bool) {
	switch {
	case nesterov && active == variantAVX512:
		sgdNesterovAVX512(len(p), ptr(p), ptr(g), ptr(v), lr, momentum)
	case nesterov && active == variantAVX2:
		sgdNesterovAVX2(len(p), ptr(p), ptr(g), ptr(v), lr, momentum)
	case active == variantAVX512:
		sgdMomentumAVX512(len(p), ptr(p), ptr(g), ptr(v), lr, momentum)
	case active == variantAVX2:
		sgdMomentumAVX2(len(p), ptr(p), ptr(g), ptr(v), lr, momentum)
	default:
		sgdMomentumGo(p, g, v, lr, momentum, nesterov)
	}
}

// rmsprop has assembly for its plain form; momentum and centering are rare.
func rmsprop(p, g, s, mom, mg []float32, lr, rho, rho1, momentum, eps float32) {
	plain := mom == nil && mg == nil
	switch {
	case plain && active == variantAVX512:
		rmspropAVX512(len(p), ptr(p), ptr(g), ptr(s), lr, rho, rho1, eps)
	case plain && active == variantAVX2:
		rmspropAVX2(len(p), ptr(p), ptr(g), ptr(s), lr, rho, rho1, eps)
	default:
		rmspropGo(p, g, s, mom, mg, lr, rho, rho1, momentum, eps)
	}
}

func adam(p, g, m, v []float32, lrT, beta11, beta21, eps float32) {
	switch active {
	case variantAVX512:
		adamAVX512(len(p), ptr(p), ptr(g), ptr(m), ptr(v), lrT, beta11, beta21, eps)
	case variantAVX2:
		adamAVX2(len(p), ptr(p), ptr(g), ptr(m), ptr(v), lrT, beta11, beta21, eps)
	default:
		adamGo(p, g, m, v, lrT, beta11, beta21, eps)
	}
}

func adadelta(p, g, s, u []float32, lr, rho, rho1, eps float32) {
	switch active {
	case variantAVX512:
		adadeltaAVX512(len(p), ptr(p), ptr(g), ptr(s), ptr(u), lr, rho, rho1, eps)
	case variantAVX2:
		adadeltaAVX2(len(p), ptr(p), ptr(g), ptr(s), ptr(u), lr, rho, rho1, eps)
	default:
		adadeltaGo(p, g, s, u, lr, rho, rho1, eps)
	}
}
