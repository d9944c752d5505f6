package graph

import (
	"strings"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of pooling; Attr is a *kernels.Pool2DShape.
const (
	// CodeMaxPool2D is the maximum over windows of x; its side result is the place of each maximum, as int32.
	CodeMaxPool2D = "maxpool2d"
	// CodeMaxPool2DGrad is dx from (dy, places).
	CodeMaxPool2DGrad = "maxpool2d.grad"
	// CodeAvgPool2D is the mean over windows of x.
	CodeAvgPool2D = "avgpool2d"
	// CodeAvgPool2DGrad is dx from dy.
	CodeAvgPool2DGrad = "avgpool2d.grad"
)

// Codes of the maximum over all pixels of an image; Attr is a GlobalMaxAttr.
const (
	// CodeGlobalMax is the maximum of each channel.
	CodeGlobalMax = "globalmax"
	// CodeGlobalMaxGrad is dx from (x, y, dy).
	CodeGlobalMaxGrad = "globalmax.grad"
)

// A GlobalMaxAttr is the size of images of C channels.
type GlobalMaxAttr struct{ Batch, Pixels, C int }

// asImage gives a sequence (B, length, channels) a width of 1, and puts the slices of a volume (B, D, H, W, C) below each other.
func (b *builder) asImage(x *gorgonia.Node) *gorgonia.Node {
	switch s := x.Shape(); s.Dims() {
	case 3:
		return b.reshape(x, tensor.Shape{s[0], s[1], 1, s[2]})
	case 5:
		return b.reshape(x, tensor.Shape{s[0], s[1] * s[2], s[3], s[4]})
	}
	return x
}

// pooling works on sequences as images of width 1.
func pooling(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Pooling)
	out := b.outShape(c)
	size := [2]int{out[1], 1}
	if out.Dims() == 4 {
		size[1] = out[2]
	}
	return b.reshape(b.poolWindows(cfg.Kind, cfg.PoolSize, cfg.Strides, size, cfg.Padding == "same", b.asImage(c.in[0])), out), nil
}

// poolWindows pools images to a size by windows that may reach over their edges.
func (b *builder) poolWindows(class string, window, strides, size [2]int, same bool, x *gorgonia.Node) *gorgonia.Node {
	in := x.Shape()
	s := &kernels.Pool2DShape{
		N: in[0], H: in[1], W: in[2], C: in[3],
		KH: window[0], KW: window[1], SH: strides[0], SW: strides[1],
		OH: size[0], OW: size[1],
	}
	if same {
		s.PadTop, s.PadBottom = samePadding(s.H, s.OH, s.KH, s.SH)
		s.PadLeft, s.PadRight = samePadding(s.W, s.OW, s.KW, s.SW)
	}
	return b.pool(class, s, x)
}

// globalPooling has one window, the image. Only the mean of sequences knows masks, as in Keras.
func globalPooling(b *builder, c *call) (*gorgonia.Node, error) {
	if m := c.mask(0); m != nil && c.Config.Class() == "GlobalAveragePooling1D" {
		return b.reshape(b.maskedMean(c.in[0], m), b.outShape(c)), nil
	}
	x, out := b.asImage(c.in[0]), b.outShape(c)
	in := x.Shape()
	if strings.Contains(c.Config.Class(), "Max") {
		return b.reshape(b.globalMax(GlobalMaxAttr{in[0], in[1] * in[2], in[3]}, x), out), nil
	}
	s := &kernels.Pool2DShape{
		N: in[0], H: in[1], W: in[2], C: in[3], KH: in[1], KW: in[2], SH: 1, SW: 1, OH: 1, OW: 1,
	}
	return b.reshape(b.pool(c.Config.Class(), s, x), out), nil
}

func (b *builder) globalMax(attr GlobalMaxAttr, x *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeGlobalMax, Attr: attr, Out: tensor.Shape{attr.Batch, attr.C}, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeGlobalMaxGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, in[0], out, grad)}
		},
	}, x)
}

// pool takes the mean or the maximum, which the class names.
func (b *builder) pool(class string, s *kernels.Pool2DShape, x *gorgonia.Node) *gorgonia.Node {
	in, out := x.Shape(), tensor.Shape{s.N, s.OH, s.OW, s.C}
	if strings.Contains(class, "Average") {
		return b.apply(Op{
			Code: CodeAvgPool2D, Attr: s, Out: out, InPlace: -1, diff: all(1),
			grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
				return gorgonia.Nodes{b.apply(Op{Code: CodeAvgPool2DGrad, Attr: s, Out: in, InPlace: -1}, grad)}
			},
		}, x)
	}
	return b.apply(Op{
		Code: CodeMaxPool2D, Attr: s, Out: out, Side: []int{out.TotalSize()}, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeMaxPool2DGrad, Attr: s, Out: in, InPlace: -1}, grad, b.side(out, 0))}
		},
	}, x)
}
