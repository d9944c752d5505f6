package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of concatenation; Attr is a *ConcatAttr.
const (
	// CodeConcat puts the rows of its inputs side by side.
	CodeConcat = "concat"
	// CodeConcatGrad is dx of input Part from dy: a range of columns.
	CodeConcatGrad = "concat.grad"
)

// A ConcatAttr is the size of matrices that are joined: all have Rows rows. Part is the one that a gradient is for.
type ConcatAttr struct {
	Rows   int
	Widths []int
	Part   int
}

// concatenate joins along any axis. Inputs that were all permuted in one way are joined as they were before.
func concatenate(b *builder, c *call) (*gorgonia.Node, error) {
	axis := fromFront(c.Config.(*keras.Concatenate).Axis, c.in[0])
	if before, from := b.unpermuted(c.in); before != nil {
		return b.permute(b.join(before, from[axis]), from), nil
	}
	return b.join(c.in, axis), nil
}

// join joins along an axis: what lies before it are rows.
func (b *builder) join(in []*gorgonia.Node, axis int) *gorgonia.Node {
	out := in[0].Shape().Clone()
	attr := ConcatAttr{Rows: out[:axis].TotalSize()}
	out[axis] = 0
	for _, x := range in {
		attr.Widths = append(attr.Widths, x.Shape()[axis:].TotalSize())
		out[axis] += x.Shape()[axis]
	}
	return b.concat(attr, out, in)
}

func (b *builder) concat(attr ConcatAttr, out tensor.Shape, in []*gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeConcat, Attr: &attr, Out: out, InPlace: -1, diff: all(len(in)),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			var grads gorgonia.Nodes
			for i, x := range in {
				part := attr
				part.Part = i
				grads = append(grads, b.apply(Op{Code: CodeConcatGrad, Attr: &part, Out: x.Shape(), InPlace: -1}, grad))
			}
			return grads
		},
	}, in...)
}
