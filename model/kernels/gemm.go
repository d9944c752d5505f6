package kernels

// Gemm computes the matrix product C = op(A)·op(B), or C += op(A)·op(B) with accumulate, where op(X) is X or, when its
// trans flag is set, its transpose. op(A) is m x k, op(B) is k x n, C is m x n. As stored, A is m x k with leading
// dimension lda (k x m when transA), B is k x n with ldb (n x k when transB), C is m x n with ldc. ws holds at least
// GemmWorkspace elements. It equals
//
//	for i := range m {
//		for j := range n {
//			sum := 0
//			for p := range k {
//				sum += op(A)[i,p] * op(B)[p,j]
//			}
//			C[i,j] = sum // C[i,j] += sum when accumulate
//		}
//	}
//
// The order of a sum depends on k only, not on m, n or the leading dimensions, so a row of C does not depend on the
// other rows of A. The error of an element is at most k·eps·Σ|a||b| (eps = 2⁻²⁴) to first order.
func Gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int, ws []float32) {
	sizes("Gemm", m, n, k)
	if transA {
		matrix("Gemm", "a", len(a), k, m, lda)
	} else {
		matrix("Gemm", "a", len(a), m, k, lda)
	}
	if transB {
		matrix("Gemm", "b", len(b), n, k, ldb)
	} else {
		matrix("Gemm", "b", len(b), k, n, ldb)
	}
	matrix("Gemm", "c", len(c), m, n, ldc)
	atLeast("Gemm", "ws", len(ws), GemmWorkspace(transA, transB, m, n, k))
	if m == 0 || n == 0 {
		return
	}
	gemm(transA, transB, m, n, k, a, lda, b, ldb, accumulate, c, ldc, ws)
}

// GemmWorkspace is the least length of Gemm's workspace, for any leading dimensions.
func GemmWorkspace(transA, transB bool, m, n, k int) int {
	sizes("GemmWorkspace", m, n, k)
	return gemmWorkspace(transA, transB, m, n, k)
}

// gemmGo is the loop of Gemm, ordered so that the inner loop runs along rows.
func gemmGo(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int) {
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if !accumulate {
			clear(row)
		}
		gemmRowGo(transA, transB, i, k, a, lda, b, ldb, row)
	}
}

// gemmRowGo adds row i of op(A)·op(B) to row.
func gemmRowGo(transA, transB bool, i, k int, a []float32, lda int, b []float32, ldb int, row []float32) {
	ai, ap := i*lda, 1
	if transA {
		ai, ap = i, lda
	}
	if transB {
		for j := range row {
			sum := row[j]
			for p := range k {
				sum += float32(a[ai+p*ap] * b[j*ldb+p])
			}
			row[j] = sum
		}
		return
	}
	for p := range k {
		v := a[ai+p*ap]
		for j, w := range b[p*ldb : p*ldb+len(row)] {
			row[j] += float32(v * w)
		}
	}
}
