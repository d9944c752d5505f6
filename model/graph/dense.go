package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// Codes of fully connected layers.
const (
	// CodeDense is y = act(x·w + bias) from (x, w) or (x, w, bias).
	CodeDense = "dense"
	// CodeDenseInputGrad is dx = dz·wᵀ from (dz, w).
	CodeDenseInputGrad = "dense.dx"
	// CodeDenseKernelGrad is dw = xᵀ·dz from (x, dz).
	CodeDenseKernelGrad = "dense.dw"
	// CodeBiasGrad is the sum over the rows of dz; Attr is a RowsAttr.
	CodeBiasGrad = "bias.grad"
)

// A DenseAttr is the size of x (M x K) and w (K x N).
type DenseAttr struct {
	M, N, K int
	Act     kernels.Activation
	Bias    bool
}

// FLOP are the floating-point operations of the product, or of one of its gradients.
func (a DenseAttr) FLOP() int { return 2 * a.M * a.N * a.K }

// dense works on the last dimension; all others are rows.
func dense(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Dense)
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	layer := func(act kernels.Activation) *gorgonia.Node {
		return b.affine(act, c.in[0], b.weight(c.Layer, "kernel"), b.weight(c.Layer, "bias"))
	}
	return b.activated(act, rest, layer), nil
}

// affine is act(x·w + bias) over the last dimension; bias may be nil.
func (b *builder) affine(act kernels.Activation, x, w, bias *gorgonia.Node) *gorgonia.Node {
	m, k := rowsOf(x.Shape())
	attr := DenseAttr{M: m, N: w.Shape()[1], K: k, Act: act, Bias: bias != nil}
	out := x.Shape().Clone()
	out[out.Dims()-1] = attr.N
	return b.apply(Op{
		Code: CodeDense, Attr: attr, Out: out, InPlace: -1, diff: all(2 + count(bias)),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dz := b.activationGrad(act, out, grad)
			grads := gorgonia.Nodes{
				b.apply(Op{Code: CodeDenseInputGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, dz, in[1]),
				b.apply(Op{Code: CodeDenseKernelGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, in[0], dz),
			}
			if bias != nil {
				grads = append(grads, b.biasGrad(in[2], dz))
			}
			return grads
		},
	}, x, w, bias)
}

func (b *builder) biasGrad(bias, dz *gorgonia.Node) *gorgonia.Node {
	rows, n := rowsOf(dz.Shape())
	return b.apply(Op{Code: CodeBiasGrad, Attr: RowsAttr{rows, n}, Out: bias.Shape(), InPlace: -1}, dz)
}
