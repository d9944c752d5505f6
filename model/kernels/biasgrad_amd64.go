//go:build amd64 && !noasm

package kernels

func columnSums(rows, n, ld int, x []float32, sums []float64) {
	switch active {
	case variantAVX512:
		columnSumsAVX512(rows, n, 4*ld, ptr(x), &sums[0])
	case variantAVX2:
		columnSumsAVX2(rows, n, 4*ld, ptr(x), &sums[0])
	default:
		columnSumsGo(rows, n, ld, x, sums)
	}
}
