package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of convolutions; Attr is a *Conv2DAttr, except that the bias has CodeBiasGrad.
const (
	// CodeConv2D is y = act(x * k + bias) from (x, k) or (x, k, bias).
	CodeConv2D = "conv2d"
	// CodeConv2DInputGrad is dx from (dz, k).
	CodeConv2DInputGrad = "conv2d.dx"
	// CodeConv2DKernelGrad is dk from (x, dz).
	CodeConv2DKernelGrad = "conv2d.dk"
)

// A Conv2DAttr is the shape of a convolution and its fused activation.
type Conv2DAttr struct {
	kernels.Conv2DShape
	Act  kernels.Activation
	Bias bool
}

func conv2D(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Conv2D)
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	x, k, bias := c.in[0], b.weight(c.Layer, "kernel"), b.weight(c.Layer, "bias")
	out := b.outShape(c)
	attr := &Conv2DAttr{Conv2DShape: conv2DShape(cfg, x.Shape(), out), Act: act, Bias: bias != nil}
	y := b.apply(Op{
		Code: CodeConv2D, Attr: attr, Out: out, InPlace: -1, diff: all(2 + count(bias)),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dz := b.activationGrad(act, out, grad)
			grads := gorgonia.Nodes{
				b.apply(Op{Code: CodeConv2DInputGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, dz, in[1]),
				b.apply(Op{Code: CodeConv2DKernelGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, in[0], dz),
			}
			if bias != nil {
				grads = append(grads, b.biasGrad(in[2], dz))
			}
			return grads
		},
	}, x, k, bias)
	return b.activate(y, rest), nil
}

// conv2DShape is the kernel's shape of a convolution of images x with result y, both B x H x W x C.
func conv2DShape(cfg *keras.Conv2D, x, y tensor.Shape) kernels.Conv2DShape {
	s := kernels.Conv2DShape{
		N: x[0], H: x[1], W: x[2], C: x[3],
		KH: cfg.KernelSize[0], KW: cfg.KernelSize[1], F: cfg.Filters,
		SH: cfg.Strides[0], SW: cfg.Strides[1], DH: cfg.Dilation[0], DW: cfg.Dilation[1],
		OH: y[1], OW: y[2], Groups: max(cfg.Groups, 1),
	}
	if cfg.Padding == "same" {
		s.PadTop, s.PadBottom = samePadding(s.H, s.OH, (s.KH-1)*s.DH+1, s.SH)
		s.PadLeft, s.PadRight = samePadding(s.W, s.OW, (s.KW-1)*s.DW+1, s.SW)
	}
	return s
}

// samePadding is what TensorFlow's padding "same" adds before and after a line of size elements, for out windows of
// taps elements: the odd one goes to the end.
//
// Source: tensorflow/core/framework/kernel_shape_util.cc, GetWindowedOutputSizeVerbose.
func samePadding(size, out, taps, stride int) (before, after int) {
	total := max((out-1)*stride+taps-size, 0)
	return total / 2, total - total/2
}
