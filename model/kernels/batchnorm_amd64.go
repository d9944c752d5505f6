//go:build amd64 && !noasm

package kernels

// columnBlock is the number of columns whose factors are prepared at a time.
const columnBlock = 64

// rowBlock is the number of rows of columnBlock columns that stay in the first-level cache while their vectors are done
// one after the other.
const rowBlock = 32

func biasGrad(rows, n int, dy, db []float32) {
	switch active {
	case variantAVX512:
		columnSumsAVX512(rows, n, 4*n, ptr(dy), ptr(db))
	case variantAVX2:
		columnSumsAVX2(rows, n, 4*n, ptr(dy), ptr(db))
	default:
		biasGradGo(rows, n, dy, db)
	}
}

func moments(rows, c int, x, mean, variance []float32) {
	switch active {
	case variantAVX512:
		columnMomentsAVX512(rows, c, 4*c, ptr(x), ptr(mean), ptr(variance), 1/float64(rows))
	case variantAVX2:
		columnMomentsAVX2(rows, c, 4*c, ptr(x), ptr(mean), ptr(variance), 1/float64(rows))
	default:
		momentsGo(rows, c, x, mean, variance)
	}
}

func normalise(rows, c int, x, gamma, beta, mean, invstd, y []float32) {
	if active == variantGo {
		normaliseGo(rows, c, x, gamma, beta, mean, invstd, y)
		return
	}
	var factor, shift [columnBlock]float32
	for j0 := 0; j0 < c; j0 += columnBlock {
		cols := min(columnBlock, c-j0)
		for j := range cols {
			factor[j], shift[j] = invstd[j0+j], 0
			if gamma != nil {
				factor[j] *= gamma[j0+j]
			}
			if beta != nil {
				shift[j] = beta[j0+j]
			}
		}
		for r := 0; r < rows; r += rowBlock {
			n, at := min(rowBlock, rows-r), r*c+j0
			if active == variantAVX512 {
				normaliseAVX512(n, cols, 4*c, &x[at], &mean[j0], &factor[0], &shift[0], &y[at])
			} else {
				normaliseAVX2(n, cols, 4*c, &x[at], &mean[j0], &factor[0], &shift[0], &y[at])
			}
		}
	}
}

func normaliseSums(rows, c int, x, dy, mean, invstd, dgamma, dbeta []float32) {
	switch active {
	case variantAVX512:
		normaliseSumsAVX512(rows, c, 4*c, ptr(x), ptr(dy), ptr(mean), ptr(invstd), ptr(dgamma), ptr(dbeta))
	case variantAVX2:
		normaliseSumsAVX2(rows, c, 4*c, ptr(x), ptr(dy), ptr(mean), ptr(invstd), ptr(dgamma), ptr(dbeta))
	default:
		normaliseSumsGo(rows, c, x, dy, mean, invstd, dgamma, dbeta)
	}
}

func normaliseGrad(rows, c int, x, dy, gamma, mean, invstd, dgamma, dbeta, dx []float32) {
	if active == variantGo {
		normaliseGradGo(rows, c, x, dy, gamma, mean, invstd, dgamma, dbeta, dx)
		return
	}
	var factor, slope, shift [columnBlock]float32
	for j0 := 0; j0 < c; j0 += columnBlock {
		cols := min(columnBlock, c-j0)
		for j := range cols {
			factor[j] = invstd[j0+j]
			if gamma != nil {
				factor[j] *= gamma[j0+j]
			}
			slope[j] = invstd[j0+j] * (dgamma[j0+j] / float32(rows))
			shift[j] = dbeta[j0+j] / float32(rows)
		}
		for r := 0; r < rows; r += rowBlock {
			n, at := min(rowBlock, rows-r), r*c+j0
			if active == variantAVX512 {
				normaliseGradAVX512(n, cols, 4*c, &x[at], &dy[at], &mean[j0], &factor[0], &slope[0], &shift[0], &dx[at])
			} else {
				normaliseGradAVX2(n, cols, 4*c, &x[at], &dy[at], &mean[j0], &factor[0], &slope[0], &shift[0], &dx[at])
			}
		}
	}
}
