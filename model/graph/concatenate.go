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

// concatenate joins along any axis: what lies before it are rows.
func concatenate(b *builder, c *call) (*gorgonia.Node, error) {
	axis := fromFront(c.Config.(*keras.Concatenate).Axis, c.in[0])
	attr := ConcatAttr{Rows: c.in[0].Shape()[:axis].TotalSize()}
	for _, x := range c.in {
		attr.Widths = append(attr.Widths, x.Shape()[axis:].TotalSize())
	}
	return b.concat(attr, b.outShape(c), c.in), nil
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
