package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// Codes of normalisation by known means and variances; Attr is a *KnownNormAttr.
const (
	// CodeKnownNorm is (x - mean)/max(√variance, 1e-7), or the inverse of it, from (x) or (x, mean, variance).
	CodeKnownNorm = "known.norm"
	// CodeKnownNormGrad is dx from (dy) or (dy, mean, variance).
	CodeKnownNormGrad = "known.norm.grad"
)

// A KnownNormAttr says where the means and variances, of shape Small, belong in x. They are inputs where it holds none.
type KnownNormAttr struct {
	BroadcastAttr
	Invert         bool
	Mean, Variance []float32
}

// normalization follows keras/src/layers/preprocessing/normalization.py, Normalization.call.
func normalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.Normalization), c.in[0]
	attr := &KnownNormAttr{
		BroadcastAttr: BroadcastAttr{Small: append([]int{1}, cfg.Shape...), Big: x.Shape().Clone()},
		Invert:        cfg.Invert, Mean: float32s(cfg.Mean), Variance: float32s(cfg.Variance),
	}
	return b.knownNorm(attr, x, b.weight(c.Layer, "mean"), b.weight(c.Layer, "variance")), nil
}

func (b *builder) knownNorm(attr *KnownNormAttr, x, mean, variance *gorgonia.Node) *gorgonia.Node {
	diff := make([]bool, 1+count(mean, variance))
	diff[0] = true
	return b.apply(Op{
		Code: CodeKnownNorm, Attr: attr, Out: x.Shape(), InPlace: 0, diff: diff,
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			dx := b.apply(Op{Code: CodeKnownNormGrad, Attr: attr, Out: x.Shape(), InPlace: 0}, grad, mean, variance)
			return append(gorgonia.Nodes{dx}, make(gorgonia.Nodes, len(diff)-1)...)
		},
	}, x, mean, variance)
}

func float32s(values []float64) []float32 {
	if values == nil {
		return nil
	}
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
