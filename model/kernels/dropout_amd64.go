//go:build amd64 && !noasm

package kernels

func dropout(m *dropMask, first int, x, y []float32) {
	switch active {
	case variantAVX512:
		dropoutAVX512(len(x), ptr(x), ptr(y), m.key0, m.key1, m.threshold, m.scale, uint32(first))
	case variantAVX2:
		dropoutAVX2(len(x), ptr(x), ptr(y), m.key0, m.key1, m.threshold, m.scale, uint32(first))
	default:
		dropoutGo(m, first, x, y)
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
