package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// Codes of pooling; Attr is a *kernels.Pool2DShape.
const (
	// CodeMaxPool2D is the maximum over windows of x; its side result is the place of each maximum, as int32.
	CodeMaxPool2D = "maxpool2d"
	// CodeMaxPool2DGrad is dx from (dy, places).
	CodeMaxPool2DGrad = "maxpool2d.grad"
)

func maxPooling2D(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.MaxPooling2D)
	x, out := c.in[0], b.outShape(c)
	in := x.Shape()
	s := &kernels.Pool2DShape{
		N: in[0], H: in[1], W: in[2], C: in[3],
		KH: cfg.PoolSize[0], KW: cfg.PoolSize[1], SH: cfg.Strides[0], SW: cfg.Strides[1],
		OH: out[1], OW: out[2],
	}
	if cfg.Padding == "same" {
		s.PadTop, s.PadBottom = samePadding(s.H, s.OH, s.KH, s.SH)
		s.PadLeft, s.PadRight = samePadding(s.W, s.OW, s.KW, s.SW)
	}
	return b.apply(Op{
		Code: CodeMaxPool2D, Attr: s, Out: out, Side: []int{out.TotalSize()}, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeMaxPool2DGrad, Attr: s, Out: in, InPlace: -1}, grad, b.side(out, 0))}
		},
	}, x), nil
}
