package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Layers of volumes (B, D, H, W, C) are made of those for images: what happens in height and width happens to B·D images, what
// happens in depth to B images of height D and width 1, whose channels are the pixels.

// slices are the images of volumes: B·D of them.
func (b *builder) slices(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return b.reshape(x, tensor.Shape{s[0] * s[1], s[2], s[3], s[4]})
}

// columns are the images of some volumes as one image for each volume: its height is the depth, its channels are all pixels of a slice.
func (b *builder) columns(volumes int, images *gorgonia.Node) *gorgonia.Node {
	s := images.Shape()
	return b.reshape(images, tensor.Shape{volumes, s[0] / volumes, 1, s[1:].TotalSize()})
}

// conv3D convolves images whose channels are those of all slices under the kernel's depth.
func conv3D(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.Conv3D), c.in[0]
	s, out := x.Shape(), b.outShape(c)
	d := cfg.Depth
	taps := (d.Window-1)*d.Dilation + 1
	before := 0
	if cfg.Padding == "same" {
		before, _ = samePadding(s[1], out[1], taps, d.Stride)
	}
	groups := cfg.Groups
	perGroup := s[4] / groups
	columns := b.columns(out[0], b.slices(x))
	parts := make([]*gorgonia.Node, d.Window)
	for i := range parts { // the slices that the kernel's slice i meets, group by group of their channels
		part := b.cut(columns, before-i*d.Dilation, out[1]*d.Stride)
		if d.Stride > 1 {
			p := part.Shape()
			part = b.cut(b.reshape(part, tensor.Shape{p[0] * out[1], d.Stride, 1, p[3]}), 0, 1)
		}
		parts[i] = b.reshape(part, tensor.Shape{out[0] * out[1], s[2], s[3], groups, perGroup})
	}
	x = parts[0]
	if len(parts) > 1 {
		x = b.join(parts, 4)
	}
	x = b.reshape(x, tensor.Shape{out[0] * out[1], s[2], s[3], d.Window * s[4]})
	k := b.permute(b.weight(c.Layer, "kernel"), []int{1, 2, 0, 3, 4})
	return b.convLayer(c, &cfg.Conv2D, x, k)
}

func pooling3D(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Pooling3D)
	out := b.outShape(c)
	same := cfg.Padding == "same"
	y := b.poolWindows(cfg.Kind, cfg.PoolSize, cfg.Strides, [2]int{out[2], out[3]}, same, b.slices(c.in[0]))
	y = b.poolWindows(cfg.Kind, [2]int{cfg.Depth.Window, 1}, [2]int{cfg.Depth.Stride, 1}, [2]int{out[1], 1}, same, b.columns(out[0], y))
	return b.reshape(y, out), nil
}

func frame3D(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Frame3D)
	out := b.outShape(c)
	sign := 1
	if cfg.Crops() {
		sign = -1
	}
	x := b.slices(c.in[0])
	s := x.Shape()
	plane := &kernels.FrameShape{
		N: s[0], H: s[1], W: s[2], C: s[3], Top: sign * cfg.Edges[0][0], Left: sign * cfg.Edges[1][0], OH: out[2], OW: out[3],
	}
	return b.reshape(b.cut(b.columns(out[0], b.frame(plane, x)), sign*cfg.Depth[0], out[1]), out), nil
}

func upSampling3D(b *builder, c *call) (*gorgonia.Node, error) {
	size, s := c.Config.(*keras.UpSampling3D).Size, c.in[0].Shape()
	x := b.reshape(c.in[0], tensor.Shape{s[0], s[1], 1, s[2], 1, s[3], 1, s[4]})
	return b.reshape(b.repeat(x, tensor.Shape{s[0], s[1], size[0], s[2], size[1], s[3], size[2], s[4]}), b.outShape(c)), nil
}

// conv3DTranspose puts zeros between the slices of volumes, so that each slice of the result is made of those that the kernel's depth reaches, as
// channels of images. With a stride s of the depth all but every s-th of these are zeros, which are multiplied like the others: one product for all slices,
// of s times the arithmetic that a product for every s-th slice would have.
func conv3DTranspose(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x, out := c.Config.(*keras.Conv3DTranspose), c.in[0], b.outShape(c)
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	s, d := x.Shape(), cfg.Depth
	pixels := s[2:].TotalSize()
	x = b.cut(b.reshape(x, tensor.Shape{s[0] * s[1], 1, 1, pixels}), 0, d.Stride)
	x = b.reshape(x, tensor.Shape{s[0], s[1] * d.Stride, 1, pixels})
	before := 0
	if cfg.Padding == "same" {
		before, _ = samePadding(out[1], s[1], d.Window, d.Stride)
	}
	parts := make([]*gorgonia.Node, d.Window)
	for i := range parts {
		parts[i] = b.reshape(b.cut(x, i-before, out[1]), tensor.Shape{out[0] * out[1], s[2], s[3], s[4]})
	}
	x = parts[0]
	if len(parts) > 1 {
		x = b.join(parts, 3)
	}
	k := b.permute(b.weight(c.Layer, "kernel"), []int{1, 2, 3, 0, 4})
	k = b.reshape(k, tensor.Shape{cfg.KernelSize[0], cfg.KernelSize[1], cfg.Filters, d.Window * s[4]})
	y := b.transposed(&cfg.Conv2D, x, k, b.weight(c.Layer, "bias"), tensor.Shape{out[0] * out[1], out[2], out[3], out[4]})
	return b.activate(b.activation(b.reshape(y, out), act), rest), nil
}
