package onnx

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

// dense is a product over the last dimension.
func dense(l *lowering, a graph.DenseAttr, in instr) value {
	made := product{x: &in.in[0], w: &in.in[1]}
	y := straight(l.node("MatMul", in.out, l.plain(in.in[0]), l.plain(in.in[1])))
	if a.Bias {
		made.bias = &in.in[2]
		y = straight(l.node("Add", in.out, y.t, l.plain(in.in[2])))
	}
	if a.Then.Act == kernels.Linear {
		l.products[y.t] = made
	}
	return l.activate(a.Then.Act, y)
}

// matMul is the product of matrices for each row and head.
func matMul(l *lowering, a *graph.MatMulAttr, in instr) value {
	left := l.matrices(in.in[0], a.Heads, a.M, a.K, a.TransA, a.A)
	right := l.matrices(in.in[1], a.Heads, a.K, a.N, a.TransB, a.B)
	dims := []dim{left.shape[0], {n: a.Heads}, {n: a.M}, {n: a.N}}
	y := straight(l.node("MatMul", dims, l.plain(left), l.plain(right)))
	if a.Heads > 1 && a.C.Head == a.N { // heads side by side
		y = y.permuted([]int{0, 2, 1, 3})
	}
	return l.reshaped(y, in.out)
}

// matrices are an operand's matrices, of rows by columns once they are transposed, as (rows of the batch, heads, rows, columns).
func (l *lowering) matrices(v value, heads, rows, columns int, transposed bool, layout kernels.Layout) value {
	if transposed {
		rows, columns = columns, rows
	}
	batch := total(v.shape)
	batch.n /= heads * rows * columns
	if heads > 1 && layout.Head == columns { // heads side by side
		v = l.reshaped(v, []dim{batch, {n: rows}, {n: heads}, {n: columns}}).permuted([]int{0, 2, 1, 3})
	} else {
		v = l.reshaped(v, []dim{batch, {n: heads}, {n: rows}, {n: columns}})
	}
	if transposed {
		v = v.permuted([]int{0, 1, 3, 2})
	}
	return v
}

// embedding takes rows of the table; fractions of their numbers are cut off.
func embedding(l *lowering, a graph.EmbeddingAttr, in instr) value {
	rows := l.cast(in.in[0], int64Type)
	dims := append(append([]dim(nil), in.in[0].shape...), dim{n: a.N})
	y := l.add("Gather", dims, l.plain(in.in[1]), l.plain(rows)).attr("axis", 0).out
	return l.reshaped(straight(y), in.out)
}
