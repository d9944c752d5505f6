package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

func layerScale(b *builder, c *call) (*gorgonia.Node, error) {
	x := c.in[0]
	return b.multiply(x, b.broadcast(b.weight(c.Layer, "gamma"), x.Shape())), nil
}

func scaledResidual(b *builder, c *call) (*gorgonia.Node, error) {
	return b.add(c.in[0], b.scale(c.Config.(*keras.ScaledResidual).Scale, 0, c.in[1])), nil
}
