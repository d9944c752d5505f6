package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// Codes of noise; Attr is a NoiseAttr.
const (
	// CodeNoiseAdd is x + noise.
	CodeNoiseAdd = "noise.add"
	// CodeNoiseMultiply is x·(1 + noise). The gradient is the same operation: equal streams give equal noise within a step.
	CodeNoiseMultiply = "noise.multiply"
)

// A NoiseAttr is the standard deviation of noise, and the stream of random numbers it is made of, as in DropoutAttr.
type NoiseAttr struct {
	Stddev float32
	Stream uint64
}

// stream is the stream of random numbers of a call: its own one, mixed with the layer's seed where it has one.
func (c *call) stream(seed *int64) uint64 {
	s := uint64(c.number)
	if seed != nil {
		s += uint64(*seed) << 32
	}
	return s
}

func noise(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Noise)
	if !b.trains(c) || cfg.Stddev == 0 {
		return c.in[0], nil
	}
	attr := NoiseAttr{Stddev: float32(cfg.Stddev), Stream: c.stream(cfg.Seed)}
	if cfg.Multiplies() {
		return b.multiplyNoise(attr, c.in[0]), nil
	}
	return b.apply(Op{
		Code: CodeNoiseAdd, Attr: attr, Out: c.in[0].Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{grad} },
	}, c.in[0]), nil
}

func (b *builder) multiplyNoise(attr NoiseAttr, x *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeNoiseMultiply, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.multiplyNoise(attr, grad)}
		},
	}, x)
}
