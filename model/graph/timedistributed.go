package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// timeDistributed takes the steps of all rows for rows of the layer inside. A BatchNormalization that trains is different in
// Keras 3, which calls it step by step: each step is normalised by itself, and moves the averages.
//
// Source: keras/src/layers/rnn/time_distributed.py; in Keras 2, keras/layers/rnn/time_distributed.py, which joins steps
// and rows for all layers.
func timeDistributed(b *builder, c *call) (*gorgonia.Node, error) {
	inner := *c.Config.(*keras.TimeDistributed).Layer
	inner.Weights, inner.Trainable = c.Weights, c.Trainable && inner.Trainable
	x, out := c.in[0], b.outShape(c)
	if cfg, ok := inner.Config.(*keras.BatchNormalization); ok && b.trains(c) && inner.Trainable && !b.spec.BeforeKeras3() {
		return b.normaliseSteps(&inner, cfg, x), nil
	}
	in := x.Shape()
	y, err := b.classes[inner.Config.Class()](b, &call{
		Layer: &inner, in: []*gorgonia.Node{b.reshape(x, foldSteps(in))}, masks: make([]*gorgonia.Node, 1),
		output: c.output, number: c.number, shape: foldSteps(out), inference: c.inference,
	})
	if err != nil {
		return nil, err
	}
	return b.reshape(y, out), nil
}

// foldSteps is the shape of steps as rows.
func foldSteps(s tensor.Shape) tensor.Shape {
	return append(tensor.Shape{s[0] * s[1]}, s[2:]...)
}

// normaliseSteps applies a batch normalisation to each step of sequences: it takes the channels of all steps for so many
// channels.
func (b *builder) normaliseSteps(l *keras.Layer, cfg *keras.BatchNormalization, x *gorgonia.Node) *gorgonia.Node {
	dims, axis := x.Shape().Dims(), cfg.Axis+1
	var order []int
	for d := range dims {
		if d != 1 && d != axis {
			order = append(order, d)
		}
	}
	order = append(order, 1, axis)
	undo := make([]int, dims)
	for i, d := range order {
		undo[d] = i
	}
	steps, channels := x.Shape()[1], x.Shape()[axis]
	moved := b.permute(x, order)
	rows := moved.Shape()[:dims-2].TotalSize()
	attr := BatchNormAttr{
		Rows: rows, C: steps * channels, Whole: b.ofWhole(rows), Epsilon: cfg.Epsilon, Scale: cfg.Scale, Center: cfg.Center,
	}
	y := b.batchNormTrain(attr, b.reshape(moved, tensor.Shape{attr.Rows, attr.C}),
		b.forSteps(b.weight(l, "gamma"), steps), b.forSteps(b.weight(l, "beta"), steps))
	for i, name := range []string{"moving_mean", "moving_variance"} {
		value := b.state(l, name)
		for t := range steps {
			part := &ConcatAttr{Rows: 1, Widths: slices.Repeat([]int{channels}, steps), Part: t}
			ofStep := b.apply(Op{Code: CodeConcatGrad, Attr: part, Out: value.Shape(), InPlace: -1}, b.side(y, i))
			value = b.apply(Op{Code: CodeMoving, Attr: MovingAttr{cfg.Momentum}, Out: value.Shape(), InPlace: 1}, ofStep, value)
		}
		b.setState(l, name, value)
	}
	return b.permute(b.reshape(y, moved.Shape()), undo)
}

// forSteps repeats an array of channels for every step; nil stays nil.
func (b *builder) forSteps(n *gorgonia.Node, steps int) *gorgonia.Node {
	if n == nil {
		return nil
	}
	channels := n.Shape()[0]
	return b.reshape(b.broadcast(n, tensor.Shape{steps, channels}), tensor.Shape{steps * channels})
}
