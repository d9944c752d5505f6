package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// channelsFirst brings the channels to the end for a layer, and back to the front where its result has as many dimensions.
func channelsFirst(b *builder, c *call) (*gorgonia.Node, error) {
	inner := *c.Layer
	inner.Config = c.Config.(*keras.ChannelsFirst).Layer
	dims := c.in[0].Shape().Dims()
	toLast, toFirst := lastAxis(1, dims)
	out := b.outShape(c)
	back := out.Dims() == dims
	if back {
		out = permuted(out, toLast)
	}
	y, err := b.classes[inner.Config.Class()](b, &call{
		Layer: &inner, in: []*gorgonia.Node{b.permute(c.in[0], toLast)}, masks: c.masks,
		output: c.output, number: c.number, shape: out, inference: c.inference,
	})
	if err != nil || !back {
		return y, err
	}
	return b.permute(y, toFirst), nil
}

// onElements says whether a call's layer computes every element by itself, from those at its place in inputs of one shape,
// so that it may work on its inputs in any order of dimensions.
func (b *builder) onElements(c *call) bool {
	if b.keepLogits[c.output] || slices.ContainsFunc(c.masks, func(m *gorgonia.Node) bool { return m != nil }) {
		return false
	}
	switch cfg := c.Config.(type) {
	case *keras.Activation:
		_, rows := rowActivations[cfg.Activation]
		return !rows
	case *keras.Dropout:
		return cfg.NoiseShape == nil
	case *keras.ELU, *keras.Merge, *keras.Noise, *keras.ReLU, *keras.Rescaling:
		return true
	}
	return false
}

// build makes the nodes of a call. Where all inputs were permuted in one way, a layer that works on elements takes what
// they were before and the result is permuted; so the permutations of layers around it meet and cancel.
func (b *builder) build(c *call, compute layer) (*gorgonia.Node, error) {
	before, from := b.unpermuted(c.in)
	if before == nil || !equalShapes(before) || !b.onElements(c) {
		return compute(b, c)
	}
	inner := *c
	inner.in, inner.shape = before, before[0].Shape()
	y, err := compute(b, &inner)
	if err != nil {
		return nil, err
	}
	return b.permute(y, from), nil
}

// unpermuted are nodes before their permutation, if that is one and the same for all.
func (b *builder) unpermuted(nodes []*gorgonia.Node) (before []*gorgonia.Node, from []int) {
	for _, n := range nodes {
		attr := permutation(n)
		if attr == nil || from != nil && !slices.Equal(attr.From, from) {
			return nil, nil
		}
		from = attr.From
		before = append(before, b.operand(n))
	}
	return before, from
}

func equalShapes(nodes []*gorgonia.Node) bool {
	return !slices.ContainsFunc(nodes, func(n *gorgonia.Node) bool { return !slices.Equal(n.Shape(), nodes[0].Shape()) })
}
