package kernels

import "math"

// CausalSoftmax computes the softmax of each row of matrices queries x n, row t of a matrix over its first t+1 columns; the
// others become 0. y may alias x. Rows of NaN and of infinities are as with Softmax.
func CausalSoftmax(matrices, queries, n int, x, y []float32) {
	checkRows("CausalSoftmax", matrices*queries, n)
	atLeast("CausalSoftmax", "x", len(x), matrices*queries*n)
	atLeast("CausalSoftmax", "y", len(y), matrices*queries*n)
	for r := range matrices * queries {
		seen := min(r%queries+1, n)
		in, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		softmax(1, seen, in[:seen], out[:seen])
		clear(out[seen:])
	}
}

// A MaskedSoftmaxShape is the size of Batch x Heads matrices Queries x N, and of the masks Batch x Queries x N, in which
// elements other than 0 count. Where Causal is set, row t of a matrix sees columns 0 to t at most. A row without a column that
// counts becomes 0 where EmptyIsZero is set, else 1/N.
type MaskedSoftmaxShape struct {
	Batch, Heads, Queries, N int
	Causal, EmptyIsZero      bool
}

// row is where row r of all matrices has its mask, and how many columns it sees at most.
func (s *MaskedSoftmaxShape) row(r int) (mask, seen int) {
	t := r % s.Queries
	batch := r / s.Queries / s.Heads
	seen = s.N
	if s.Causal {
		seen = min(t+1, s.N)
	}
	return (batch*s.Queries + t) * s.N, seen
}

// MaskedSoftmax computes the softmax of each row of x over the columns that count; the others become 0. y may alias x. What
// counts and is NaN or infinite is as with Softmax.
//
// Source: keras/src/backend/tensorflow/nn.py, _apply_masks: what does not count is a large negative number to the softmax;
// keras/src/layers/activations/softmax.py, Softmax.call: the same, and 0 thereafter.
func MaskedSoftmax(s *MaskedSoftmaxShape, x, mask, y []float32) {
	rows := s.Batch * s.Heads * s.Queries
	checkRows("MaskedSoftmax", rows, s.N)
	atLeast("MaskedSoftmax", "x", len(x), rows*s.N)
	atLeast("MaskedSoftmax", "mask", len(mask), s.Batch*s.Queries*s.N)
	atLeast("MaskedSoftmax", "y", len(y), rows*s.N)
	for r := range rows {
		start, seen := s.row(r)
		in, m, out := x[r*s.N:(r+1)*s.N], mask[start:start+seen], y[r*s.N:(r+1)*s.N]
		if !anyCounts(m) {
			var even float32
			if !s.EmptyIsZero {
				even = 1 / float32(s.N)
			}
			Fill(even, out)
			continue
		}
		for j, counts := range m {
			if out[j] = in[j]; counts == 0 {
				out[j] = float32(math.Inf(-1))
			}
		}
		softmax(1, seen, out[:seen], out[:seen])
		clear(out[seen:])
	}
}

// MaskedSoftmaxGrad computes the gradient of MaskedSoftmax from its output: that of a softmax, and 0 for a row without a
// column that counts. dx may alias dy.
func MaskedSoftmaxGrad(s *MaskedSoftmaxShape, y, dy, mask, dx []float32) {
	rows := s.Batch * s.Heads * s.Queries
	atLeast("MaskedSoftmaxGrad", "y", len(y), rows*s.N)
	atLeast("MaskedSoftmaxGrad", "dy", len(dy), rows*s.N)
	atLeast("MaskedSoftmaxGrad", "mask", len(mask), s.Batch*s.Queries*s.N)
	atLeast("MaskedSoftmaxGrad", "dx", len(dx), rows*s.N)
	for r := range rows {
		start, seen := s.row(r)
		out := dx[r*s.N : (r+1)*s.N]
		if !anyCounts(mask[start : start+seen]) {
			clear(out)
			continue
		}
		SoftmaxGrad(1, s.N, y[r*s.N:(r+1)*s.N], dy[r*s.N:(r+1)*s.N], out)
	}
}

func anyCounts(mask []float32) bool {
	for _, v := range mask {
		if v != 0 {
			return true
		}
	}
	return false
}
