package kernels

// Dense computes a fully connected layer y = act(x·w + bias) with the dropout behind it: x is m x k, w is k x n, bias has n
// elements or is nil, y is m x n, all without gaps between rows. ws holds at least DenseWorkspace elements. It equals
//
//	for i := range m {
//		for j := range n {
//			sum := bias[j] // 0 without bias
//			for p := range k {
//				sum += x[i,p] * w[p,j]
//			}
//			y[i,j] = act(sum)
//		}
//	}
//
// and then Dropout(drop, y, y). The gradients are Gemm (dx = dz·wᵀ, dw = xᵀ·dz), with dz and that of the bias from
// ActivationBiasGrad.
func Dense(m, n, k int, x, w, bias []float32, act Activation, drop Drop, y, ws []float32) {
	DenseColumns(m, n, k, 0, n, x, w, bias, act, drop, y, ws)
}

// DenseColumns computes columns from..to-1 of Dense's y and leaves the others alone. An element has the same bits whatever
// columns are computed with it. ws holds at least DenseWorkspace(m, to-from, k) elements.
func DenseColumns(m, n, k, from, to int, x, w, bias []float32, act Activation, drop Drop, y, ws []float32) {
	sizes("Dense", m, n, k)
	sizes("Dense", from, to-from, n-to)
	atLeast("Dense", "x", len(x), m*k)
	atLeast("Dense", "w", len(w), k*n)
	if bias != nil {
		atLeast("Dense", "bias", len(bias), n)
		bias = bias[from:to]
	}
	atLeast("Dense", "y", len(y), m*n)
	atLeast("Dense", "ws", len(ws), DenseWorkspace(m, to-from, k))
	act.check("Dense")
	drop.check("Dense", m*n)
	if m == 0 || from == to {
		return
	}
	if k > 0 {
		w = w[from:]
	}
	dense(m, to-from, k, x, w, bias, newEpilogue(act, drop), y, n, from, ws)
}

// DenseWorkspace is the least length of Dense's workspace.
func DenseWorkspace(m, n, k int) int { return GemmWorkspace(false, false, m, n, k) }

// denseGo is the loop of Dense for n of the ld columns of w and y, in y from column from on.
func denseGo(m, n, k int, x, w, bias []float32, e epilogue, y []float32, ld, from int) {
	for i := range m {
		row := y[i*ld+from:][:n]
		if bias == nil {
			clear(row)
		} else {
			copy(row, bias)
		}
		gemmRowGo(false, false, i, k, x, k, w, ld, row)
	}
	e.rows(y, ld, 0, m, from, n)
}
