package graph

import "gorgonia.org/gorgonia"

// Codes of the gated linear unit, an activation that halves the last dimension; Attr is a RowsAttr, N the width of the output.
const (
	// CodeGLU is y from x.
	CodeGLU = "glu"
	// CodeGLUGrad is dx from (x, dy).
	CodeGLUGrad = "glu.grad"
)

func (b *builder) glu(x *gorgonia.Node) *gorgonia.Node {
	out := x.Shape().Clone()
	out[out.Dims()-1] /= 2
	rows, n := rowsOf(out)
	attr := RowsAttr{rows, n}
	return b.apply(Op{
		Code: CodeGLU, Attr: attr, Out: out, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeGLUGrad, Attr: attr, Out: x.Shape(), InPlace: 0}, in[0], grad)}
		},
	}, x)
}
