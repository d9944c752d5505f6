//go:build amd64 && !noasm

package kernels

func softmax(rows, n int, x, y []float32) {
	switch active {
	case variantAVX512:
		softmaxAVX512(rows, n, ptr(x), ptr(y))
	case variantAVX2:
		softmaxAVX2(rows, n, ptr(x), ptr(y))
	default:
		softmaxGo(rows, n, x, y)
	}
}

func softmaxCrossEntropy(rows, n int, x, labels, losses []float32) {
	switch active {
	case variantAVX512:
		softmaxCrossEntropyAVX512(rows, n, ptr(x), ptr(labels), ptr(losses))
	case variantAVX2:
		softmaxCrossEntropyAVX2(rows, n, ptr(x), ptr(labels), ptr(losses))
	default:
		softmaxCrossEntropyGo(rows, n, x, labels, losses)
	}
}

func softmaxCrossEntropyGrad(rows, n int, x, labels, scale, dx []float32) {
	switch active {
	case variantAVX512:
		softmaxCrossEntropyGradAVX512(rows, n, ptr(x), ptr(labels), ptr(scale), ptr(dx))
	case variantAVX2:
		softmaxCrossEntropyGradAVX2(rows, n, ptr(x), ptr(labels), ptr(scale), ptr(dx))
	default:
		softmaxCrossEntropyGradGo(rows, n, x, labels, scale, dx)
	}
}
