package graph

import (
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of broadcasting; Attr is a *BroadcastAttr.
const (
	// CodeBroadcast repeats an array of shape Small to shape Big.
	CodeBroadcast = "broadcast"
	// CodeBroadcastGrad sums an array of shape Big to shape Small.
	CodeBroadcastGrad = "broadcast.grad"
)

// A BroadcastAttr has two shapes of equal rank: each dimension of Small is that of Big, or 1.
type BroadcastAttr struct{ Small, Big []int }

// broadcast repeats a node to a shape, aligned at the last dimension.
func (b *builder) broadcast(n *gorgonia.Node, shape tensor.Shape) *gorgonia.Node {
	if slices.Equal(n.Shape(), shape) {
		return n
	}
	small := append(slices.Repeat(tensor.Shape{1}, shape.Dims()-n.Shape().Dims()), n.Shape()...)
	return b.repeat(b.reshape(n, small), shape)
}

// broadcastRows is broadcast for rows: the batch dimension stays in front.
func (b *builder) broadcastRows(n *gorgonia.Node, shape tensor.Shape) *gorgonia.Node {
	small := append(tensor.Shape{n.Shape()[0]}, slices.Repeat(tensor.Shape{1}, shape.Dims()-n.Shape().Dims())...)
	return b.repeat(b.reshape(n, append(small, n.Shape()[1:]...)), shape)
}

// repeat repeats the dimensions of size 1 to a shape of the same rank.
func (b *builder) repeat(n *gorgonia.Node, shape tensor.Shape) *gorgonia.Node {
	if slices.Equal(n.Shape(), shape) {
		return n
	}
	attr := &BroadcastAttr{Small: n.Shape().Clone(), Big: shape.Clone()}
	return b.apply(Op{
		Code: CodeBroadcast, Attr: attr, Out: shape, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeBroadcastGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, grad)}
		},
	}, n)
}

// sumTo sums a node over the dimensions in which a shape of the same rank is 1.
func (b *builder) sumTo(n *gorgonia.Node, shape tensor.Shape) *gorgonia.Node {
	attr := &BroadcastAttr{Small: shape.Clone(), Big: n.Shape().Clone()}
	return b.apply(Op{
		Code: CodeBroadcastGrad, Attr: attr, Out: shape, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.repeat(grad, in[0].Shape())}
		},
	}, n)
}
