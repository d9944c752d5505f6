package graph

import "gorgonia.org/gorgonia"

// Codes of element-wise arithmetic on arrays of one shape; CodeAdd is another.
const (
	// CodeScale is Factor·x + Offset; Attr is a ScaleAttr.
	CodeScale = "scale"
	// CodeMultiply is the product of two inputs.
	CodeMultiply = "multiply"
	// CodeExtremum is the larger or smaller of two inputs; Attr is an ExtremumAttr.
	CodeExtremum = "extremum"
	// CodeExtremumGrad is the part of dy that belongs to one of the inputs, from (x, y, dy): where both are equal it is
	// the first one's. Attr is an ExtremumAttr.
	CodeExtremumGrad = "extremum.grad"
)

// A ScaleAttr is a linear function.
type ScaleAttr struct{ Factor, Offset float32 }

// An ExtremumAttr says whether the smaller is taken, and for the gradient, which input is meant.
type ExtremumAttr struct{ Min, Second bool }

func (b *builder) add(x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeAdd, Out: x.Shape(), InPlace: 0, diff: all(2),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{grad, grad} },
	}, x, y)
}

func (b *builder) scale(factor, offset float64, x *gorgonia.Node) *gorgonia.Node {
	if factor == 1 && offset == 0 {
		return x
	}
	return b.apply(Op{
		Code: CodeScale, Attr: ScaleAttr{float32(factor), float32(offset)}, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.scale(factor, 0, grad)}
		},
	}, x)
}

func (b *builder) subtract(x, y *gorgonia.Node) *gorgonia.Node { return b.add(x, b.scale(-1, 0, y)) }

func (b *builder) multiply(x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeMultiply, Out: x.Shape(), InPlace: 0, diff: all(2),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.multiply(grad, in[1]), b.multiply(grad, in[0])}
		},
	}, x, y)
}

func (b *builder) extremum(isMin bool, x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeExtremum, Attr: ExtremumAttr{Min: isMin}, Out: x.Shape(), InPlace: 0, diff: all(2),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			var grads gorgonia.Nodes
			for i := range in {
				grads = append(grads, b.apply(Op{
					Code: CodeExtremumGrad, Attr: ExtremumAttr{Min: isMin, Second: i == 1}, Out: grad.Shape(), InPlace: 2,
				}, in[0], in[1], grad))
			}
			return grads
		},
	}, x, y)
}
