package kernels

// Sparsemax computes max(x - τ, 0) of each of the rows of n numbers; y may alias x. With z the row in descending order, c its
// cumulative sums and k how many j fulfil z[j] > (c[j] - 1)/j (j from 1 on),
//
//	τ = (Σ_{j≤k} c[j] - 1)/k
//
// That is Keras' function. The projection onto the simplex that sparsemax is elsewhere has c[k] for the sum.
//
// Source: keras/src/backend/tensorflow/nn.py, sparsemax.
func Sparsemax(rows, n int, x, y []float32) {
	atLeast("Sparsemax", "x", len(x), rows*n)
	atLeast("Sparsemax", "y", len(y), rows*n)
	for r := range rows {
		row, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		_, threshold := sparsemaxSupport(row)
		for j, v := range row {
			out[j] = float32(max(float64(v)-threshold, 0))
		}
	}
}

// SparsemaxGrad computes the gradient of Sparsemax from its input x; dx may alias dy. Where z[j] is x[i], dτ/dx[i] is
// (k - j + 1)/k for j ≤ k.
func SparsemaxGrad(rows, n int, x, dy, dx []float32) {
	atLeast("SparsemaxGrad", "x", len(x), rows*n)
	atLeast("SparsemaxGrad", "dy", len(dy), rows*n)
	atLeast("SparsemaxGrad", "dx", len(dx), rows*n)
	for r := range rows {
		row, d, out := x[r*n:(r+1)*n], dy[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		k, threshold := sparsemaxSupport(row)
		var sum float64
		for j, v := range row {
			if float64(v) < threshold {
				out[j] = 0
				continue
			}
			sum += float64(d[j])
			out[j] = d[j]
		}
		at := -1
		for j := range k {
			at = following(row, at)
			out[at] -= float32(sum * float64(k-j) / float64(k))
		}
	}
}

// sparsemaxSupport is k and τ of a row.
func sparsemaxSupport(row []float32) (k int, threshold float64) {
	var cumulated, sum float64
	at := -1
	for k < len(row) {
		at = following(row, at)
		next := cumulated + float64(row[at])
		if float64(row[at]) <= (next-1)/float64(k+1) {
			break
		}
		k++
		cumulated = next
		sum += cumulated
	}
	return k, (sum - 1) / float64(k)
}

// precedes says whether v comes before w in descending order, in which NaN is larger than everything: so a row with a NaN becomes NaN, wherever it is.
func precedes(v, w float32) bool { return v > w || v != v && w == w }

// following is the index of the element that follows element at in descending order, equal ones in their own order; at -1, of
// the first. The order is walked through without being kept, since few elements are in the support.
func following(row []float32, at int) int {
	next := -1
	for i, v := range row {
		if at >= 0 && (precedes(v, row[at]) || !precedes(row[at], v) && i <= at) {
			continue
		}
		if next < 0 || precedes(v, row[next]) {
			next = i
		}
	}
	return next
}
