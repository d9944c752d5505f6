package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// Codes of dropout. The gradient is the same operation: equal streams drop equal elements within a step.
const (
	// CodeDropout zeroes a share of x and scales the rest; Attr is a DropoutAttr.
	CodeDropout = "dropout"
	// CodeDropoutBroadcast does so by a mask that is the same along some dimensions; Attr is a *DropoutBroadcastAttr.
	CodeDropoutBroadcast = "dropout.broadcast"
)

// A DropoutAttr is the share of elements to drop, below 1, and the stream of random numbers to decide with, which differs
// for every call of a layer and mixes the layer's own seed in where it has one.
type DropoutAttr struct {
	Rate   float32
	Stream uint64
}

// A DropoutBroadcastAttr also has the shape of x and that of its mask, whose dimensions are those of x or 1.
type DropoutBroadcastAttr struct {
	DropoutAttr
	Shape, Mask []int
}

func dropout(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Dropout)
	x := c.in[0]
	if !b.o.Training || cfg.Rate == 0 {
		return x, nil
	}
	attr := DropoutAttr{Rate: float32(cfg.Rate), Stream: c.stream(cfg.Seed)}
	if cfg.NoiseShape == nil || slices.Equal(cfg.NoiseShape, x.Shape()[1:]) {
		return b.drop(CodeDropout, attr, x), nil
	}
	mask := withBatch(b.o.Batch, cfg.NoiseShape)
	return b.drop(CodeDropoutBroadcast, &DropoutBroadcastAttr{attr, x.Shape(), mask}, x), nil
}

func (b *builder) drop(code string, attr any, x *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: code, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.drop(code, attr, grad)}
		},
	}, x)
}
