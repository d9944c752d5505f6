package graph

import (
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CodeMatMul is the product of two matrices for each row of the batch and each head; Attr is a *MatMulAttr. Its gradients are
// such products.
const CodeMatMul = "matmul"

// A MatMulAttr is the size of the products.
type MatMulAttr struct{ kernels.MatMulShape }

// FLOP are the floating-point operations of all products.
func (a *MatMulAttr) FLOP() int { return 2 * a.Batch * a.Heads * a.M * a.N * a.K }

// columns is an array (batch, rows, heads·width): a head is a range of columns.
func columns(rows, heads, width int) kernels.Layout {
	return kernels.Layout{Batch: rows * heads * width, Head: width, Row: heads * width}
}

// stacked is an array (batch, heads, rows, width).
func stacked(rows, heads, width int) kernels.Layout {
	return kernels.Layout{Batch: heads * rows * width, Head: rows * width, Row: width}
}

func (b *builder) matMul(attr kernels.MatMulShape, out tensor.Shape, x, y *gorgonia.Node) *gorgonia.Node {
	mixed := b.mixed
	x, y = b.multiplied(mixed, x), b.multiplied(mixed, y)
	return b.apply(Op{
		Code: CodeMatMul, Attr: &MatMulAttr{attr}, Out: out, InPlace: -1, diff: all(2),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			defer b.as(mixed)()
			dx, dy := attr, attr
			// dA is dC·op(B)ᵀ, or its transpose
			left, right := grad, in[1]
			dx.M, dx.N, dx.K, dx.TransA, dx.TransB, dx.A, dx.B, dx.C = attr.M, attr.K, attr.N, false, !attr.TransB, attr.C, attr.B, attr.A
			if attr.TransA {
				left, right = in[1], grad
				dx.M, dx.N, dx.TransA, dx.TransB, dx.A, dx.B = attr.K, attr.M, attr.TransB, true, attr.B, attr.C
			}
			// dB is op(A)ᵀ·dC, or its transpose
			first, second := in[0], grad
			dy.M, dy.N, dy.K, dy.TransA, dy.TransB, dy.A, dy.B, dy.C = attr.K, attr.N, attr.M, !attr.TransA, false, attr.A, attr.C, attr.B
			if attr.TransB {
				first, second = grad, in[0]
				dy.M, dy.N, dy.TransA, dy.TransB, dy.A, dy.B = attr.N, attr.K, true, attr.TransA, attr.C, attr.A
			}
			return gorgonia.Nodes{b.matMul(dx, in[0].Shape(), left, right), b.matMul(dy, in[1].Shape(), first, second)}
		},
	}, x, y)
}
