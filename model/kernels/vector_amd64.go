//go:build amd64 && !noasm

package kernels

func add(x, y, dst []float32) {
	switch active {
	case variantAVX512:
		addAVX512(len(x), ptr(x), ptr(y), ptr(dst))
	case variantAVX2:
		addAVX2(len(x), ptr(x), ptr(y), ptr(dst))
	default:
		addGo(x, y, dst)
	}
}

func mul(x, y, dst []float32) {
	switch active {
	case variantAVX512:
		mulAVX512(len(x), ptr(x), ptr(y), ptr(dst))
	case variantAVX2:
		mulAVX2(len(x), ptr(x), ptr(y), ptr(dst))
	default:
		mulGo(x, y, dst)
	}
}

func scale(alpha float32, x, dst []float32) {
	switch active {
	case variantAVX512:
		scaleAVX512(len(x), ptr(x), ptr(dst), alpha)
	case variantAVX2:
		scaleAVX2(len(x), ptr(x), ptr(dst), alpha)
	default:
		scaleGo(alpha, x, dst)
	}
}

func axpy(alpha float32, x, y []float32) {
	switch active {
	case variantAVX512:
		axpyAVX512(len(x), ptr(x), ptr(y), alpha)
	case variantAVX2:
		axpyAVX2(len(x), ptr(x), ptr(y), alpha)
	default:
		axpyGo(alpha, x, y)
	}
}

func sum64(x []float32) float64 {
	switch active {
	case variantAVX512:
		return sum64AVX512(len(x), ptr(x))
	case variantAVX2:
		return sum64AVX2(len(x), ptr(x))
	default:
		return sum64Go(x)
	}
}

func sumSquares64(x []float32) float64 {
	switch active {
	case variantAVX512:
		return sumSquares64AVX512(len(x), ptr(x))
	case variantAVX2:
		return sumSquares64AVX2(len(x), ptr(x))
	default:
		return sumSquares64Go(x)
	}
}
