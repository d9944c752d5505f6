package graph

import (
	"math"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of activations with parameters.
const (
	// CodeRamp is a rectifier of x; Attr is a kernels.Ramp.
	CodeRamp = "ramp"
	// CodeRampGrad is dx from (x, dy); Attr is a kernels.Ramp.
	CodeRampGrad = "ramp.grad"
	// CodeELU is x for x > 0, else Alpha·(exp(x) - 1); Attr is an ELUAttr.
	CodeELU = "elu"
	// CodeELUGrad is dx from (y, dy); Attr is an ELUAttr.
	CodeELUGrad = "elu.grad"
)

// An ELUAttr is the scale of the exponential, at least 0.
type ELUAttr struct{ Alpha float32 }

// relu serves ReLU, LeakyReLU and ThresholdedReLU.
func relu(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.ReLU), c.in[0]
	if *cfg == (keras.ReLU{MaxValue: math.Inf(1)}) {
		return b.activation(x, kernels.ReLU), nil
	}
	r := kernels.Ramp{Max: float32(cfg.MaxValue), Slope: float32(cfg.NegativeSlope), Threshold: float32(cfg.Threshold)}
	return b.apply(Op{
		Code: CodeRamp, Attr: r, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeRampGrad, Attr: r, Out: x.Shape(), InPlace: 1}, in[0], grad)}
		},
	}, x), nil
}

func elu(b *builder, c *call) (*gorgonia.Node, error) {
	attr, x := ELUAttr{float32(c.Config.(*keras.ELU).Alpha)}, c.in[0]
	if attr.Alpha == 1 {
		return b.activation(x, kernels.ELU), nil
	}
	return b.apply(Op{
		Code: CodeELU, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeELUGrad, Attr: attr, Out: x.Shape(), InPlace: 1}, b.kept(out), grad)}
		},
	}, x), nil
}

// prelu is relu(x) - alpha·relu(-x).
func prelu(b *builder, c *call) (*gorgonia.Node, error) {
	x, alpha := c.in[0], b.weight(c.Layer, "alpha")
	below := b.scale(-1, 0, b.activation(b.scale(-1, 0, x), kernels.ReLU))
	alpha = b.broadcast(alpha, x.Shape())
	return b.add(b.activation(x, kernels.ReLU), b.multiply(alpha, below)), nil
}

// softmaxLayer is a softmax of rows, to which the axes are joined.
func softmaxLayer(b *builder, c *call) (*gorgonia.Node, error) {
	axes := c.Config.(*keras.Softmax).Axes
	if x := c.in[0]; len(axes) == 1 && axes[0] == x.Shape().Dims()-1 {
		return b.activate(x, softmaxName), nil
	}
	return b.overAxes(c.in[0], axes, func(rows *gorgonia.Node) *gorgonia.Node {
		n := tensor.Shape(rows.Shape()[rows.Shape().Dims()-len(axes):]).TotalSize()
		joined := b.reshape(rows, tensor.Shape{rows.Shape().TotalSize() / n, n})
		return b.reshape(b.activationOfRows(joined, softmaxName), rows.Shape())
	}), nil
}

func rescaling(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Rescaling)
	return b.scale(cfg.Scale, cfg.Offset, c.in[0]), nil
}

func arrayRescaling(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.ArrayRescaling), c.in[0]
	row := []int(x.Shape()[1:])
	array := func(of keras.Constant) (*gorgonia.Node, error) {
		aligned, err := of.Aligned(row)
		if err != nil {
			return nil, err
		}
		small := append(tensor.Shape{x.Shape()[0]}, aligned...)
		return b.broadcastRows(b.constant(of.Values, small, x), x.Shape()), nil
	}
	scale, err := array(cfg.Scale)
	if err != nil {
		return nil, err
	}
	offset, err := array(cfg.Offset)
	if err != nil {
		return nil, err
	}
	return b.add(b.multiply(x, scale), offset), nil
}
