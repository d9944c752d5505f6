package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// groupNormalization follows keras/src/layers/normalization/group_normalization.py: the channels become two dimensions,
// groups and channels of a group.
func groupNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.GroupNormalization), c.in[0]
	shape := x.Shape()
	split := slices.Concat(shape[:cfg.Axis], tensor.Shape{cfg.Groups, shape[cfg.Axis] / cfg.Groups}, shape[cfg.Axis+1:])
	var axes []int
	for d := 1; d < len(split); d++ {
		if d != cfg.Axis {
			axes = append(axes, d)
		}
	}
	y := b.normaliseRows(CodeStandardise, CodeStandardiseGrad, cfg.Epsilon, b.reshape(x, split), axes)
	return b.gammaBeta(c, b.reshape(y, shape), []int{cfg.Axis}), nil
}

// gammaBeta multiplies by the layer's gamma and adds its beta, where it has them, each of the shape of y along axes.
func (b *builder) gammaBeta(c *call, y *gorgonia.Node, axes []int) *gorgonia.Node {
	if gamma := b.weight(c.Layer, "gamma"); gamma != nil {
		y = b.multiply(y, b.along(gamma, axes, y.Shape()))
	}
	if beta := b.weight(c.Layer, "beta"); beta != nil {
		y = b.add(y, b.along(beta, axes, y.Shape()))
	}
	return y
}

// along repeats a weight, of a shape along axes, over all other dimensions of the shape.
func (b *builder) along(w *gorgonia.Node, axes []int, shape tensor.Shape) *gorgonia.Node {
	small := tensor.Shape(slices.Repeat([]int{1}, shape.Dims()))
	for _, axis := range axes {
		small[axis] = shape[axis]
	}
	return b.repeat(b.reshape(w, small), shape)
}

// rmsNormalization follows keras/src/ops/nn.py, _rms_normalization.
func rmsNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.RMSNormalization), c.in[0]
	axes, err := keras.ResolveAxes(cfg.Axes, x.Shape()[1:])
	if err != nil {
		return nil, err
	}
	y := b.normaliseRows(CodeRMS, CodeRMSGrad, cfg.Epsilon, x, axes)
	return b.multiply(y, b.along(b.weight(c.Layer, "scale"), axes, x.Shape())), nil
}
