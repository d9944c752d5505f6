package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
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
	// CodeRMS is x/√(mean(x²) + Epsilon).
	CodeRMS = "rms"
	// CodeRMSGrad is dx from (y, dy, factors).
	CodeRMSGrad = "rms.grad"
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
	return b.gammaBeta(c, b.normaliseRows(CodeStandardise, CodeStandardiseGrad, cfg.Epsilon, x, axes), axes), nil
}

// unitNormalization follows keras/src/ops/nn.py, _normalize.
func unitNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.UnitNormalization)
	axes, err := keras.ResolveAxes(cfg.Axes, c.in[0].Shape()[1:])
	if err != nil {
		return nil, err
	}
	return b.normaliseRows(CodeUnit, CodeUnitGrad, cfg.LeastNorm, c.in[0], axes), nil
}

// normaliseRows normalises over axes.
func (b *builder) normaliseRows(code, gradCode string, epsilon float64, x *gorgonia.Node, axes []int) *gorgonia.Node {
	return b.overAxes(x, axes, func(rows *gorgonia.Node) *gorgonia.Node {
		return b.normaliseLast(code, gradCode, epsilon, rows, len(axes))
	})
}

// overAxes moves axes to the end, computes something over the last dimensions that keeps the shape, and moves them back.
func (b *builder) overAxes(x *gorgonia.Node, axes []int, compute func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
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
	return b.permute(compute(b.permute(x, order)), undo)
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
