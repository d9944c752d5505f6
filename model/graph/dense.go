package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// Codes of fully connected layers.
const (
	// CodeDense is y = drop(act(x·w + bias)) from (x, w) or (x, w, bias).
	CodeDense = "dense"
	// CodeDenseInputGrad is dx = dz·wᵀ from (dz, w).
	CodeDenseInputGrad = "dense.dx"
	// CodeDenseKernelGrad is dw = xᵀ·dz from (x, dz).
	CodeDenseKernelGrad = "dense.dw"
	// CodeBiasGrad is the sum over the rows of dz; Attr is a RowsAttr.
	CodeBiasGrad = "bias.grad"
	// CodeActivationBiasGrad is dz from (y, dy) for an activation and the dropout behind it, with the sum of dz over the rows as side
	// result 0; Attr is an ActivationBiasGradAttr.
	CodeActivationBiasGrad = "activation.bias.grad"
)

// A DenseAttr is the size of x (M x K) and w (K x N), and what joins the product.
type DenseAttr struct {
	M, N, K int
	Bias    bool
	Then    Epilogue
}

// An ActivationBiasGradAttr is the size of y, the activation and the share of elements that were dropped behind it.
type ActivationBiasGradAttr struct {
	Size RowsAttr
	Act  kernels.Activation
	Rate float32
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
	return b.activated(act, rest, func(e Epilogue) *gorgonia.Node {
		return b.affine(e, c.in[0], b.weight(c.Layer, "kernel"), b.weight(c.Layer, "bias"))
	}), nil
}

// affine is x·w + bias over the last dimension with an epilogue; bias may be nil.
func (b *builder) affine(e Epilogue, x, w, bias *gorgonia.Node) *gorgonia.Node {
	m, k := rowsOf(x.Shape())
	attr := DenseAttr{M: m, N: w.Shape()[1], K: k, Bias: bias != nil, Then: e}
	out := x.Shape().Clone()
	out[out.Dims()-1] = attr.N
	mixed := b.mixed
	x, w, bias = b.multiplied(mixed, x), b.multiplied(mixed, w), b.multiplied(mixed, bias)
	return b.apply(Op{
		Code: CodeDense, Attr: attr, Out: out, InPlace: -1, diff: all(2 + count(bias)),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dz, db := b.epilogueGrad(e, out, grad, bias)
			dz = b.multiplied(mixed, dz)
			grads := gorgonia.Nodes{
				b.apply(Op{Code: CodeDenseInputGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, dz, in[1]),
				b.apply(Op{Code: CodeDenseKernelGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, in[0], dz),
			}
			if bias != nil {
				grads = append(grads, db)
			}
			return grads
		},
	}, x, w, bias)
}
