package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of normalisation of rows of a matrix; Attr is a NormAttr. The side result of the forward ones is the factor of
// each row.
const (
	// CodeStandardise is (x - mean)/√(variance + Epsilon).
	CodeStandardise = "standardise"
	// CodeStandardiseGrad is dx from (y, dy, factors).
	CodeStandardiseGrad = "standardise.grad"
	// CodeUnit is x/√(Σx²).
	CodeUnit = "unit"
	// CodeUnitGrad is dx from (y, dy, factors).
	CodeUnitGrad = "unit.grad"
)

// A NormAttr is the size of a matrix whose rows are normalised.
type NormAttr struct {
	Rows, N int
	Epsilon float64
}

// layerNormalization follows keras/src/ops/nn.py, _layer_normalization.
func layerNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.LayerNormalization), c.in[0]
	axes, err := keras.ResolveAxes(cfg.Axes, x.Shape()[1:])
	if err != nil {
		return nil, err
	}
	y := b.normaliseRows(CodeStandardise, CodeStandardiseGrad, cfg.Epsilon, x, axes)
	along := tensor.Shape(slices.Repeat([]int{1}, x.Shape().Dims())) // of gamma and beta
	for _, axis := range axes {
		along[axis] = x.Shape()[axis]
	}
	if gamma := b.weight(c.Layer, "gamma"); gamma != nil {
		y = b.multiply(y, b.repeat(b.reshape(gamma, along), x.Shape()))
	}
	if beta := b.weight(c.Layer, "beta"); beta != nil {
		y = b.add(y, b.repeat(b.reshape(beta, along), x.Shape()))
	}
	return y, nil
}

// unitNormalization follows keras/src/ops/nn.py, _normalize.
func unitNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	axes, err := keras.ResolveAxes(c.Config.(*keras.UnitNormalization).Axes, c.in[0].Shape()[1:])
	if err != nil {
		return nil, err
	}
	return b.normaliseRows(CodeUnit, CodeUnitGrad, 1e-12, c.in[0], axes), nil
}

// normaliseRows normalises over axes, which it moves to the end and back.
func (b *builder) normaliseRows(code, gradCode string, epsilon float64, x *gorgonia.Node, axes []int) *gorgonia.Node {
	dims := x.Shape().Dims()
	var order []int
	for d := range dims {
		if !slices.Contains(axes, d) {
			order = append(order, d)
		}
	}
	order = append(order, axes...)
	undo := make([]int, dims)
	for i, d := range order {
		undo[d] = i
	}
	if slices.IsSorted(order) {
		return b.normaliseLast(code, gradCode, epsilon, x, len(axes))
	}
	return b.permute(b.normaliseLast(code, gradCode, epsilon, b.permute(x, order), len(axes)), undo)
}

// normaliseLast normalises over the last n dimensions.
func (b *builder) normaliseLast(code, gradCode string, epsilon float64, x *gorgonia.Node, n int) *gorgonia.Node {
	split := x.Shape().Dims() - n
	attr := NormAttr{Rows: x.Shape()[:split].TotalSize(), N: x.Shape()[split:].TotalSize(), Epsilon: epsilon}
	return b.apply(Op{
		Code: code, Attr: attr, Out: x.Shape(), Side: []int{attr.Rows}, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: gradCode, Attr: attr, Out: x.Shape(), InPlace: 1}, out, grad, b.side(out, 0))}
		},
	}, x)
}
