package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of masks, which are 1 for the steps of sequences that count and 0 for the others. They have no gradient.
const (
	// CodeMask is the mask of x, 1 for rows with an element that is not Value; Attr is a MaskAttr.
	CodeMask = "mask"
	// CodeFill is one value throughout, in the shape of its input; Attr is a FillAttr.
	CodeFill = "fill"
	// CodeMaskRows is x with zeros in the rows that a mask excludes, from (x, mask); Attr is a RowsAttr. The gradient is the
	// same operation.
	CodeMaskRows = "mask.rows"
	// CodeMaskedMean is the mean of the steps that count, from (x, mask); Attr is a MaskedMeanAttr.
	CodeMaskedMean = "mask.mean"
	// CodeMaskedMeanGrad is dx from (dy, mask); Attr is a MaskedMeanAttr.
	CodeMaskedMeanGrad = "mask.mean.grad"
)

// A MaskAttr is the size of x and the value that marks elements of steps that do not count.
type MaskAttr struct {
	Rows, N int
	Value   float32
}

// A FillAttr is a value.
type FillAttr struct{ Value float32 }

// A MaskedMeanAttr is the size of x: Rows x Steps x N.
type MaskedMeanAttr struct{ Rows, Steps, N int }

// mask is the mask of input i, B x T, nil where it has none.
func (c *call) mask(i int) *gorgonia.Node { return c.masks[i] }

func notEqual(b *builder, c *call) (*gorgonia.Node, error) {
	value := float32(c.Config.(*keras.NotEqual).Value)
	return b.makeMask(MaskAttr{Rows: c.in[0].Shape().TotalSize(), N: 1, Value: value}, c), nil
}

func anyOf(b *builder, c *call) (*gorgonia.Node, error) {
	rows, n := rowsOf(c.in[0].Shape())
	return b.makeMask(MaskAttr{Rows: rows, N: n, Value: float32(c.Config.(*keras.Any).Value)}, c), nil
}

func (b *builder) makeMask(attr MaskAttr, c *call) *gorgonia.Node {
	return b.apply(Op{Code: CodeMask, Attr: attr, Out: b.outShape(c), InPlace: -1}, c.in[0])
}

func logical(b *builder, c *call) (*gorgonia.Node, error) {
	out := b.outShape(c)
	return b.extremum(c.Config.Class() == "LogicalAnd", b.broadcastRows(c.in[0], out), b.broadcastRows(c.in[1], out)), nil
}

func filled(b *builder, c *call) (*gorgonia.Node, error) {
	attr := FillAttr{}
	if c.Config.Class() == "OnesLike" {
		attr.Value = 1
	}
	return b.apply(Op{Code: CodeFill, Attr: attr, Out: b.outShape(c), InPlace: 0}, c.in[0]), nil
}

func masking(b *builder, c *call) (*gorgonia.Node, error) {
	return b.maskRows(c.in[0], c.mask(0)), nil
}

// maskRows makes the rows of x that a mask of as many elements excludes zero.
func (b *builder) maskRows(x, mask *gorgonia.Node) *gorgonia.Node {
	rows := mask.Shape().TotalSize()
	attr := RowsAttr{rows, x.Shape().TotalSize() / rows}
	return b.apply(Op{
		Code: CodeMaskRows, Attr: attr, Out: x.Shape(), InPlace: 0, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.maskRows(grad, in[1]), nil}
		},
	}, x, mask)
}

// maskedMean is the mean over the steps of sequences that count.
func (b *builder) maskedMean(x, mask *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	attr := MaskedMeanAttr{s[0], s[1], s[2]}
	return b.apply(Op{
		Code: CodeMaskedMean, Attr: attr, Out: tensor.Shape{s[0], s[2]}, InPlace: -1, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeMaskedMeanGrad, Attr: attr, Out: s, InPlace: -1}, grad, in[1]), nil}
		},
	}, x, mask)
}
