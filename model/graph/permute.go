package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CodePermute reorders dimensions; Attr is a *PermuteAttr.
const CodePermute = "permute"

// A PermuteAttr says from which dimension of the input, of shape Shape, each dimension of the output comes.
type PermuteAttr struct {
	Shape []int
	From  []int
}

func permuteLayer(b *builder, c *call) (*gorgonia.Node, error) {
	return b.permute(c.in[0], append([]int{0}, c.Config.(*keras.Permute).Dims...)), nil
}

// permute reorders the dimensions of a node: dimension i of the result is dimension from[i] of n. A permutation of a
// permutation becomes one, or none.
func (b *builder) permute(n *gorgonia.Node, from []int) *gorgonia.Node {
	from = slices.Clone(from)
	if attr := permutation(n); attr != nil {
		for i, f := range from {
			from[i] = attr.From[f]
		}
		n = b.operand(n)
	}
	if slices.IsSorted(from) {
		return n
	}
	in := n.Shape()
	back := make([]int, len(from))
	for i, f := range from {
		back[f] = i
	}
	return b.apply(Op{
		Code: CodePermute, Attr: &PermuteAttr{in, from}, Out: permuted(in, from), InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.permute(grad, back)}
		},
	}, n)
}

// permutation is how a node permutes another one, nil where it does something else.
func permutation(n *gorgonia.Node) *PermuteAttr {
	if code, op, _ := CodeOf(n); code == CodePermute {
		return op.Attr.(*PermuteAttr)
	}
	return nil
}

// permuted is a shape with its dimensions in another order.
func permuted(shape tensor.Shape, from []int) tensor.Shape {
	out := make(tensor.Shape, len(from))
	for i, f := range from {
		out[i] = shape[f]
	}
	return out
}

// lastAxis is the order of dims dimensions in which axis comes last and all others keep their order, and the order that
// undoes it.
func lastAxis(axis, dims int) (order, undo []int) {
	undo = make([]int, dims)
	for d := range dims {
		if d != axis {
			undo[d] = len(order)
			order = append(order, d)
		}
	}
	undo[axis] = dims - 1
	return append(order, axis), undo
}
