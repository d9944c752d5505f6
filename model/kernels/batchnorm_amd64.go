//go:build amd64 && !noasm

package kernels

func columnSquares(rows, n, ld int, x []float32, sums, squares *[columnBlock]float64) {
	switch active {
	case variantAVX512:
		columnSquaresAVX512(rows, n, 4*ld, ptr(x), &sums[0], &squares[0])
	case variantAVX2:
		columnSquaresAVX2(rows, n, 4*ld, ptr(x), &sums[0], &squares[0])
	default:
		columnSquaresGo(rows, n, ld, x, sums, squares)
	}
}

func columnProducts(rows, n, ld int, x, dy, mean []float32, sums, products *[columnBlock]float64) {
	switch active {
	case variantAVX512:
		columnProductsAVX512(rows, n, 4*ld, ptr(x), ptr(dy), &mean[0], &sums[0], &products[0])
	case variantAVX2:
		columnProductsAVX2(rows, n, 4*ld, ptr(x), ptr(dy), &mean[0], &sums[0], &products[0])
	default:
		columnProductsGo(rows, n, ld, x, dy, mean, sums, products)
	}
}

func normaliseColumns(rows, n, ld int, x, mean, factor, shift, y []float32) {
	if active == variantGo {
		normaliseColumnsGo(rows, n, ld, x, mean, factor, shift, y)
		return
	}
	block := rowBlock(rows, n)
	for r := 0; r < rows; r += block {
		m, at := min(block, rows-r), r*ld
		if active == variantAVX512 {
			normaliseAVX512(m, n, 4*ld, &x[at], &mean[0], &factor[0], &shift[0], &y[at])
		} else {
			normaliseAVX2(m, n, 4*ld, &x[at], &mean[0], &factor[0], &shift[0], &y[at])
		}
	}
}

func normaliseGradColumns(rows, n, ld int, x, dy, mean, factor, slope, shift, dx []float32) {
	if active == variantGo {
		normaliseGradColumnsGo(rows, n, ld, x, dy, mean, factor, slope, shift, dx)
		return
	}
	block := rowBlock(rows, n)
	for r := 0; r < rows; r += block {
		m, at := min(block, rows-r), r*ld
		if active == variantAVX512 {
			normaliseGradAVX512(m, n, 4*ld, &x[at], &dy[at], &mean[0], &factor[0], &slope[0], &shift[0], &dx[at])
		} else {
			normaliseGradAVX2(m, n, 4*ld, &x[at], &dy[at], &mean[0], &factor[0], &slope[0], &shift[0], &dx[at])
		}
	}
}

// rowBlock is the number of rows of n columns that stay in the first-level cache while their vectors are done one after the
// other; all, where n fits a vector.
func rowBlock(rows, n int) int {
	if n <= lanes() {
		return rows
	}
	return 32
}
