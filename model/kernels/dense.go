package kernels

// Dense computes a fully connected layer y = act(x·w + bias): x is m x k, w is k x n, bias has n elements or is nil, y
// is m x n, all without gaps between rows. ws holds at least DenseWorkspace elements. It equals
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
// The gradients are Gemm (dx = dz·wᵀ, dw = xᵀ·dz) and BiasGrad, with dz from ActivationGrad.
func Dense(m, n, k int, x, w, bias []float32, act Activation, y, ws []float32) {
	DenseColumns(m, n, k, 0, n, x, w, bias, act, y, ws)
}

// DenseColumns computes columns from..to-1 of Dense's y and leaves the others alone. An element has the same bits whatever
// columns are computed with it. ws holds at least DenseWorkspace(m, to-from, k) elements.
func DenseColumns(m, n, k, from, to int, x, w, bias []float32, act Activation, y, ws []float32) {
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
	if m == 0 || from == to {
		return
	}
	if k > 0 {
		w = w[from:]
	}
	dense(m, to-from, k, x, w, n, bias, act, y[from:], ws)
}

// DenseWorkspace is the least length of Dense's workspace.
func DenseWorkspace(m, n, k int) int { return GemmWorkspace(false, false, m, n, k) }

// denseGo is the loop of Dense for n of the ld columns of w and y.
func denseGo(m, n, k int, x, w []float32, ld int, bias []float32, act Activation, y []float32) {
	for i := range m {
		row := y[i*ld:][:n]
		if bias == nil {
			clear(row)
		} else {
			copy(row, bias)
		}
		gemmRowGo(false, false, i, k, x, k, w, ld, row)
		activationGo(act, row, row)
	}
}

// BiasGrad sums the columns of the rows x n matrix dy into db, in double precision and in the order of the rows:
//
//	for j := range n {
//		sum := float64(0)
//		for r := range rows {
//			sum += float64(dy[r,j])
//		}
//		db[j] = float32(sum)
//	}
func BiasGrad(rows, n int, dy, db []float32) {
	sizes("BiasGrad", rows, n, 0)
	atLeast("BiasGrad", "dy", len(dy), rows*n)
	atLeast("BiasGrad", "db", len(db), n)
	if n > 0 {
		biasGrad(rows, n, dy[:rows*n], db[:n])
	}
}

// biasGradGo is the loop of BiasGrad.
func biasGradGo(rows, n int, dy, db []float32) {
	for j := range n {
		var sum float64
		for r := range rows {
			sum += float64(dy[r*n+j])
		}
		db[j] = float32(sum)
	}
}
