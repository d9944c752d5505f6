package graph

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// Codes of dropout. The gradient is the same operation: equal streams drop equal elements within a step.
const (
	// CodeDropout zeroes a share of x and scales the rest; Attr is a DropoutAttr.
	CodeDropout = "dropout"
	// CodeDropoutBroadcast does so by a mask that is the same along some dimensions; Attr is a *DropoutBroadcastAttr.
	CodeDropoutBroadcast = "dropout.broadcast"
	// CodeReLUDropoutGrad is the gradient of a ReLU with one of the two behind it, from (their output, its gradient); Attr is a
	// ReLUDropoutGradAttr.
	CodeReLUDropoutGrad = "relu.dropout.grad"
)

// A ReLUDropoutGradAttr is the share of elements that were dropped.
type ReLUDropoutGradAttr struct{ Rate float32 }

// A DropoutAttr is the share of elements to drop, below 1, and the stream of random numbers to decide with, which differs
// for every call of a layer and mixes the layer's own seed in where it has one.
type DropoutAttr struct {
	Rate   float32
	Stream uint64
}

func (a DropoutAttr) rate() float32 { return a.Rate }

// A DropoutBroadcastAttr also has the shape of x and that of its mask, whose dimensions are those of x or 1.
type DropoutBroadcastAttr struct {
	DropoutAttr
	Shape, Mask []int
}

func dropout(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Dropout)
	x := c.in[0]
	if !b.trains(c) || cfg.Rate == 0 {
		return x, nil
	}
	attr := DropoutAttr{Rate: float32(cfg.Rate), Stream: c.stream(cfg.Seed)}
	whole := cfg.NoiseShape == nil || slices.Equal(cfg.NoiseShape, x.Shape()[1:])
	if o, ok := b.before(c); ok && o.has.takesDropout() && whole && !cfg.Alpha {
		return o.layer(Epilogue{Act: o.has.Act, Drop: attr}), nil
	}
	drop := func(n *gorgonia.Node) *gorgonia.Node {
		if whole {
			return b.drop(CodeDropout, attr, n)
		}
		mask := withBatch(x.Shape()[0], cfg.NoiseShape)
		return b.drop(CodeDropoutBroadcast, &DropoutBroadcastAttr{attr, x.Shape(), mask}, n)
	}
	if cfg.Alpha {
		return b.alphaDropout(cfg.Rate, x, drop), nil
	}
	return drop(x), nil
}

// alphaDropout is a·(x where it is kept, saturated elsewhere) + shift. Equal streams keep equal elements of x and of ones.
//
// Source: keras/src/layers/regularization/alpha_dropout.py.
func (b *builder) alphaDropout(rate float64, x *gorgonia.Node, drop func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
	const saturated = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946 // SELU far below 0
	a := 1 / math.Sqrt((1-rate)*(1+rate*saturated*saturated))
	kept := drop(b.scale(0, 1, x))
	// both are scaled by 1/(1-rate)
	y := b.scale(a*(1-rate), a*saturated*(1-rate), drop(x))
	return b.add(y, b.scale(-a*saturated*(1-rate), 0, kept))
}

func (b *builder) drop(code string, attr interface{ rate() float32 }, x *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: code, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dx := b.drop(code, attr, grad)
			b.dropouts[dx] = droppedOut{x: x, y: out, dy: grad, rate: attr.rate()}
			return gorgonia.Nodes{dx}
		},
	}, x)
}

// A droppedOut is a dropout from x to y with the gradient of y.
type droppedOut struct {
	x, y, dy *gorgonia.Node
	rate     float32
}

// reluGrad is the gradient of a ReLU's input from its output y and the output's gradient. Where that comes from a dropout of y,
// both gradients are one operation, and y itself is needed no longer.
func (b *builder) reluGrad(y, dy *gorgonia.Node) *gorgonia.Node {
	if d, ok := b.dropouts[dy]; ok && d.x == y {
		return b.reluDropoutGrad(d.rate, d.y, d.dy)
	}
	return b.apply(Op{Code: CodeActivationGrad, Attr: ActivationAttr{kernels.ReLU}, Out: y.Shape(), InPlace: 1}, y, dy)
}

// reluDropoutGrad is the gradient of a ReLU's input from the output y of the dropout behind it and the gradient of that.
func (b *builder) reluDropoutGrad(rate float32, y, dy *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeReLUDropoutGrad, Attr: ReLUDropoutGradAttr{rate}, Out: y.Shape(), InPlace: 1}, y, dy)
}
