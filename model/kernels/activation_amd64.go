//go:build amd64 && !noasm

package kernels

func activation(act Activation, x, y []float32) {
	n, in, out := len(x), ptr(x), ptr(y)
	switch {
	case act == ReLU && active == variantAVX512:
		reluAVX512(n, in, out)
	case act == ReLU && active == variantAVX2:
		reluAVX2(n, in, out)
	case act == Sigmoid && active == variantAVX512:
		sigmoidAVX512(n, in, out)
	case act == Sigmoid && active == variantAVX2:
		sigmoidAVX2(n, in, out)
	case act == Tanh && active == variantAVX512:
		tanhAVX512(n, in, out)
	case act == Tanh && active == variantAVX2:
		tanhAVX2(n, in, out)
	case act == Exponential:
		exp(x, y)
	default:
		activationGo(act, x, y)
	}
}

func activationGrad(act Activation, y, dy, dx []float32) {
	n, in, grad, out := len(y), ptr(y), ptr(dy), ptr(dx)
	switch {
	case act == ReLU && active == variantAVX512:
		reluGradAVX512(n, in, grad, out)
	case act == ReLU && active == variantAVX2:
		reluGradAVX2(n, in, grad, out)
	case act == Sigmoid && active == variantAVX512:
		sigmoidGradAVX512(n, in, grad, out)
	case act == Sigmoid && active == variantAVX2:
		sigmoidGradAVX2(n, in, grad, out)
	case act == Tanh && active == variantAVX512:
		tanhGradAVX512(n, in, grad, out)
	case act == Tanh && active == variantAVX2:
		tanhGradAVX2(n, in, grad, out)
	case act == Exponential:
		mul(y, dy, dx)
	default:
		activationGradGo(act, y, dy, dx)
	}
}

func exp(x, y []float32) {
	switch active {
	case variantAVX512:
		expAVX512(len(x), ptr(x), ptr(y))
	case variantAVX2:
		expAVX2(len(x), ptr(x), ptr(y))
	default:
		expGo(x, y)
	}
}

func log(x, y []float32) {
	switch active {
	case variantAVX512:
		logAVX512(len(x), ptr(x), ptr(y))
	case variantAVX2:
		logAVX2(len(x), ptr(x), ptr(y))
	default:
		logGo(x, y)
	}
}
