package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CodeFrame adds zeros around images or cuts pixels off; Attr is a *kernels.FrameShape. The gradient is the same operation,
// the other way.
const CodeFrame = "frame"

func frame(b *builder, c *call) (*gorgonia.Node, error) {
	return b.frameLayer(c, c.Config.(*keras.Frame))
}

func centerCrop(b *builder, c *call) (*gorgonia.Node, error) {
	return b.frameLayer(c, &c.Config.(*keras.CenterCrop).Frame)
}

// frameLayer works on sequences as images of width 1.
func (b *builder) frameLayer(c *call, cfg *keras.Frame) (*gorgonia.Node, error) {
	x := b.asImage(c.in[0])
	in, out := x.Shape(), b.outShape(c)
	s := &kernels.FrameShape{N: in[0], H: in[1], W: in[2], C: in[3], Top: cfg.Edges[0][0], Left: cfg.Edges[1][0], OH: out[1], OW: 1}
	if out.Dims() == 4 {
		s.OW = out[2]
	}
	if cfg.Crops() {
		s.Top, s.Left = -s.Top, -s.Left
	}
	return b.reshape(b.frame(s, x), out), nil
}

func (b *builder) frame(s *kernels.FrameShape, x *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeFrame, Attr: s, Out: tensor.Shape{s.N, s.OH, s.OW, s.C}, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.frame(s.Reverse(), grad)}
		},
	}, x)
}
