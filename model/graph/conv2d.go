package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of convolutions; Attr is a *Conv2DAttr. The bias has the codes of a dense layer's.
const (
	// CodeConv2D is y = drop(act(x * k + bias)) from (x, k) or (x, k, bias).
	CodeConv2D = "conv2d"
	// CodeConv2DInputGrad is dx from (dz, k).
	CodeConv2DInputGrad = "conv2d.dx"
	// CodeConv2DKernelGrad is dk from (x, dz).
	CodeConv2DKernelGrad = "conv2d.dk"
)

// A Conv2DAttr is the shape of a convolution and what joins it.
type Conv2DAttr struct {
	kernels.Conv2DShape
	Bias bool
	Then Epilogue
}

// FLOP are the floating-point operations of the convolution in its direct form, or of one of its gradients.
func (a *Conv2DAttr) FLOP() int {
	return 2 * a.N * a.OH * a.OW * a.F * a.KH * a.KW * (a.C / max(a.Groups, 1))
}

func conv2D(b *builder, c *call) (*gorgonia.Node, error) {
	return b.convLayer(c, c.Config.(*keras.Conv2D), c.in[0], b.weight(c.Layer, "kernel"))
}

// depthwiseConv2D is a convolution with a group per channel: the kernel's last two dimensions are one.
func depthwiseConv2D(b *builder, c *call) (*gorgonia.Node, error) {
	return b.convLayer(c, &c.Config.(*keras.DepthwiseConv2D).Conv2D, c.in[0], b.weight(c.Layer, "kernel"))
}

func separableConv(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.SeparableConv)
	x := b.conv(&cfg.Depthwise.Conv2D, Epilogue{}, b.asImage(c.in[0]), b.weight(c.Layer, "depthwise_kernel"), nil)
	return b.convLayer(c, &cfg.Pointwise, x, b.weight(c.Layer, "pointwise_kernel"))
}

// convLayer is a convolution with the layer's bias and activation.
func (b *builder) convLayer(c *call, cfg *keras.Conv2D, x, k *gorgonia.Node) (*gorgonia.Node, error) {
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	return b.activated(act, rest, func(e Epilogue) *gorgonia.Node {
		return b.reshape(b.conv(cfg, e, b.asImage(x), k, b.weight(c.Layer, "bias")), b.outShape(c))
	}), nil
}

// conv convolves images x with a kernel, whose shape may be that of another layer than Conv2D. bias may be nil.
func (b *builder) conv(cfg *keras.Conv2D, e Epilogue, x, k, bias *gorgonia.Node) *gorgonia.Node {
	s := conv2DShape(cfg, x.Shape())
	k = b.reshape(k, tensor.Shape{s.KH, s.KW, s.C / s.Groups, s.F})
	attr := &Conv2DAttr{Conv2DShape: s, Bias: bias != nil, Then: e}
	mixed := b.mixed
	x, k, bias = b.multiplied(mixed, x), b.multiplied(mixed, k), b.multiplied(mixed, bias)
	return b.apply(Op{
		Code: CodeConv2D, Attr: attr, Out: tensor.Shape{s.N, s.OH, s.OW, s.F}, InPlace: -1, diff: all(2 + count(bias)),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dz, db := b.epilogueGrad(e, out, grad, bias)
			dz = b.multiplied(mixed, dz)
			grads := gorgonia.Nodes{
				b.apply(Op{Code: CodeConv2DInputGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, dz, in[1]),
				b.apply(Op{Code: CodeConv2DKernelGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, in[0], dz),
			}
			if bias != nil {
				grads = append(grads, db)
			}
			return grads
		},
	}, x, k, bias)
}

// conv2DShape is the kernel's shape of a convolution of images x, B x H x W x C.
func conv2DShape(cfg *keras.Conv2D, x tensor.Shape) kernels.Conv2DShape {
	s := kernels.Conv2DShape{
		N: x[0], H: x[1], W: x[2], C: x[3],
		KH: cfg.KernelSize[0], KW: cfg.KernelSize[1], F: cfg.Filters,
		SH: cfg.Strides[0], SW: cfg.Strides[1], DH: cfg.Dilation[0], DW: cfg.Dilation[1],
		Groups: max(cfg.Groups, 1),
	}
	tapsH, tapsW := (s.KH-1)*s.DH+1, (s.KW-1)*s.DW+1
	switch cfg.Padding {
	case "same":
		s.PadTop, s.PadBottom = samePadding(s.H, (s.H-1)/s.SH+1, tapsH, s.SH)
		s.PadLeft, s.PadRight = samePadding(s.W, (s.W-1)/s.SW+1, tapsW, s.SW)
	case "causal":
		s.PadTop = tapsH - 1
	}
	s.OH = (s.H+s.PadTop+s.PadBottom-tapsH)/s.SH + 1
	s.OW = (s.W+s.PadLeft+s.PadRight-tapsW)/s.SW + 1
	return s
}

// conv2DTranspose makes images whose convolution would have the shape of the input: it is that convolution's gradient, and
// its own gradients are the convolution and the kernel's gradient.
func conv2DTranspose(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Conv2DTranspose)
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	x, out := b.asImage(c.in[0]), b.outShape(c)
	if out.Dims() == 3 {
		out = tensor.Shape{out[0], out[1], 1, out[2]}
	}
	y := b.reshape(b.transposed(&cfg.Conv2D, x, b.weight(c.Layer, "kernel"), b.weight(c.Layer, "bias"), out), b.outShape(c))
	return b.activate(b.activation(y, act), rest), nil
}

// transposed convolves images of shape out backwards: x is of the shape that the convolution cfg would give. bias may be nil.
func (b *builder) transposed(cfg *keras.Conv2D, x, k, bias *gorgonia.Node, out tensor.Shape) *gorgonia.Node {
	back := *cfg // the convolution from the result to the input
	back.Filters = x.Shape()[3]
	attr := &Conv2DAttr{Conv2DShape: conv2DShape(&back, out)}
	mixed := b.mixed
	x, k, bias = b.multiplied(mixed, x), b.multiplied(mixed, k), b.multiplied(mixed, bias)
	y := b.apply(Op{
		Code: CodeConv2DInputGrad, Attr: attr, Out: out, InPlace: -1, diff: all(2),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			grad = b.multiplied(mixed, grad)
			return gorgonia.Nodes{
				b.apply(Op{Code: CodeConv2D, Attr: attr, Out: in[0].Shape(), InPlace: -1}, grad, in[1]),
				b.apply(Op{Code: CodeConv2DKernelGrad, Attr: attr, Out: in[1].Shape(), InPlace: -1}, grad, in[0]),
			}
		},
	}, x, b.reshape(k, tensor.Shape{attr.KH, attr.KW, cfg.Filters, back.Filters}))
	if bias != nil {
		y = b.add(y, b.broadcast(bias, out))
	}
	return y
}

// samePadding is what TensorFlow's padding "same" adds before and after a line of size elements, for out windows of
// taps elements: the odd one goes to the end.
//
// Source: tensorflow/core/framework/kernel_shape_util.cc, GetWindowedOutputSizeVerbose.
func samePadding(size, out, taps, stride int) (before, after int) {
	total := max((out-1)*stride+taps-size, 0)
	return total / 2, total - total/2
}
