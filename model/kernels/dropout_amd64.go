//go:build amd64 && !noasm

package kernels

func dropout(key0, key1, threshold uint32, scale float32, x, y []float32) {
	switch active {
	case variantAVX512:
		dropoutAVX512(len(x), ptr(x), ptr(y), key0, key1, threshold, scale)
	case variantAVX2:
		dropoutAVX2(len(x), ptr(x), ptr(y), key0, key1, threshold, scale)
	default:
		dropoutGo(key0, key1, threshold, scale, x, y)
	}
}

func reluDropoutGrad(scale float32, y, dy, dx []float32) {
	switch active {
	case variantAVX512:
		reluDropoutGradAVX512(len(y), ptr(y), ptr(dy), ptr(dx), scale)
	case variantAVX2:
		reluDropoutGradAVX2(len(y), ptr(y), ptr(dy), ptr(dx), scale)
	default:
		reluDropoutGradGo(scale, y, dy, dx)
	}
}
