//go:build amd64 && !noasm

package kernels

func roundBfloat16(x, dst []float32) {
	switch active {
	case variantAVX512:
		roundBfloat16AVX512(len(x), ptr(x), ptr(dst))
	case variantAVX2:
		roundBfloat16AVX2(len(x), ptr(x), ptr(dst))
	default:
		roundBfloat16Go(x, dst)
	}
}
