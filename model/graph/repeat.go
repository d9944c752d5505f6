package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// upSampling repeats a dimension of size 1 behind height and width.
func upSampling(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.UpSampling)
	size, x := cfg.Size, b.asImage(c.in[0])
	s := x.Shape()
	if cfg.Interpolation != "nearest" {
		return b.resample(cfg.Interpolation, x, [2]int{s[1] * size[0], s[2] * size[1]}), nil
	}
	x = b.reshape(x, tensor.Shape{s[0], s[1], 1, s[2], 1, s[3]})
	return b.reshape(b.repeat(x, tensor.Shape{s[0], s[1], size[0], s[2], size[1], s[3]}), b.outShape(c)), nil
}

func repeatVector(b *builder, c *call) (*gorgonia.Node, error) {
	return b.broadcastRows(c.in[0], b.outShape(c)), nil
}
