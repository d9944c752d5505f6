package graph

import (
	"math"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Layers that change images at random in training, and give them on as they are in inference. What they draw is a number or two for each
// image; a transform, or a factor, is computed of these by operations on arrays.

// edges are those of keras.Moved by their names.
var edges = map[string]kernels.Edge{
	"constant": kernels.EdgeConstant,
	"nearest":  kernels.EdgeNearest,
	"reflect":  kernels.EdgeReflect,
	"wrap":     kernels.EdgeWrap,
}

// draw gives every row of a batch a number, B x 1. number tells the draws of one call apart.
func (b *builder) draw(c *call, seed *int64, number uint64, from keras.Range) *gorgonia.Node {
	a := UniformAttr{Low: from.Low, High: from.High, Stream: c.stream(seed) + number*nextDraw}
	return b.uniform(a, tensor.Shape{b.o.Batch, 1}, c.in[0])
}

// drawOnce gives all rows of a batch the same number.
func (b *builder) drawOnce(c *call, seed *int64, number uint64, from keras.Range) *gorgonia.Node {
	a := UniformAttr{Low: from.Low, High: from.High, Stream: c.stream(seed) + number*nextDraw, OfBatch: true}
	return b.repeat(b.uniform(a, tensor.Shape{1, 1}, c.in[0]), tensor.Shape{b.o.Batch, 1})
}

// nextDraw is from the stream of a call's first draw to that of its second, beyond those of all calls (keras.MaxCalls).
const nextDraw = 1 << 17

// A transform is a row of the numbers of kernels.Warp for each image, B x 1 each.
type transform [kernels.WarpNumbers]*gorgonia.Node

// moved is the transform's images of another size.
func (b *builder) moved(s *kernels.WarpShape, t transform, x *gorgonia.Node) *gorgonia.Node {
	return b.warp(s, x, b.join(t[:], 1))
}

// images is the shape of a warp that keeps the size of images.
func images(x *gorgonia.Node) *kernels.WarpShape {
	s := x.Shape()
	return &kernels.WarpShape{N: s[0], H: s[1], W: s[2], C: s[3], OH: s[1], OW: s[2]}
}

// randomFlip turns the columns, the lines, or both around in half of all images.
//
// Source: keras/src/layers/preprocessing/image_preprocessing/random_flip.py.
func randomFlip(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.RandomFlip), c.in[0]
	if !b.trains(c) {
		return x, nil
	}
	s := images(x)
	s.Nearest = true
	columns := b.turn(c, cfg, 0)
	lines := columns
	if !cfg.Together {
		lines = b.turn(c, cfg, 1)
	}
	zero := b.fill(0, columns)
	one := b.fill(1, columns)
	t := transform{one, zero, zero, zero, one, zero}
	if cfg.Horizontal {
		t[0], t[2] = b.scale(-2, 1, columns), b.scale(float64(s.W-1), 0, columns)
	}
	if cfg.Vertical {
		t[4], t[5] = b.scale(-2, 1, lines), b.scale(float64(s.H-1), 0, lines)
	}
	return b.moved(s, t, x), nil
}

// turn is 1 for images that are turned around, else 0.
func (b *builder) turn(c *call, cfg *keras.RandomFlip, number uint64) *gorgonia.Node {
	u := b.draw(c, cfg.Seed, number, keras.Range{Low: 0, High: 1})
	return b.compare(kernels.LessEqual, u, b.fill(0.5, u))
}

// randomMove translates, zooms or turns images.
//
// Source: keras/src/layers/preprocessing/image_preprocessing: random_translation.py, random_zoom.py, and random_rotation.py with
// _compute_affine_matrix of base_image_preprocessing_layer.py.
func randomMove(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.RandomMove), c.in[0]
	if !b.trains(c) {
		return x, nil
	}
	s := images(x)
	s.Nearest, s.Edge, s.Value = cfg.Interpolation == "nearest", edges[cfg.FillMode], float32(cfg.FillValue)
	first := b.draw(c, cfg.Seed, 0, cfg.Height)
	second := first
	if cfg.Width != nil {
		second = b.draw(c, cfg.Seed, 1, *cfg.Width)
	}
	zero, one := b.fill(0, first), b.fill(1, first)
	middle := func(n int) float64 { return float64(n-1) / 2 }
	var t transform
	switch cfg.Kind {
	case "RandomTranslation":
		t = transform{one, zero, b.scale(-float64(s.W), 0, second), zero, one, b.scale(-float64(s.H), 0, first)}
	case "RandomZoom":
		x, y := middle(s.W), middle(s.H)
		t = transform{second, zero, b.scale(-x, x, second), zero, first, b.scale(-y, y, first)}
	case "RandomRotation":
		angle := b.scale(2*math.Pi, 0, first)
		cos, sin := b.function(angle, kernels.Cosine), b.function(angle, kernels.Sine)
		x, y := middle(s.W), middle(s.H)
		t = transform{
			cos, b.scale(-1, 0, sin), b.add(b.scale(-x, x, cos), b.scale(y, 0, sin)),
			sin, cos, b.add(b.scale(-x, y, sin), b.scale(-y, 0, cos)),
		}
	}
	return b.moved(s, t, x), nil
}

// randomCrop takes the same part of all images of a batch, or of its slice, and in inference the one in the middle, in another size where it
// must be.
//
// Source: keras/src/layers/preprocessing/image_preprocessing/random_crop.py; for Keras 2 also smart_resize of image_utils.py.
func randomCrop(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.RandomCrop), c.in[0]
	s := images(x)
	s.OH, s.OW, s.Nearest = cfg.Size[0], cfg.Size[1], true
	if !b.trains(c) || !cfg.Draws(s.H, s.W) {
		part := cfg.Middle(s.H, s.W)
		if size := [2]int{part[0][1], part[1][1]}; size != [2]int{s.H, s.W} {
			x = b.frame(&kernels.FrameShape{N: s.N, H: s.H, W: s.W, C: s.C, Top: -part[0][0], Left: -part[1][0], OH: size[0], OW: size[1]}, x)
		}
		if x.Shape()[1] != cfg.Size[0] || x.Shape()[2] != cfg.Size[1] {
			x = b.resample("bilinear", x, cfg.Size)
		}
		return x, nil
	}
	line := b.function(b.drawOnce(c, cfg.Seed, 0, keras.Range{High: float64(s.H - s.OH + 1)}), kernels.Floor)
	column := b.function(b.drawOnce(c, cfg.Seed, 1, keras.Range{High: float64(s.W - s.OW + 1)}), kernels.Floor)
	zero, one := b.fill(0, line), b.fill(1, line)
	// a number that is rounded up to the end of its range
	line, column = b.extremum(true, line, b.fill(float64(s.H-s.OH), line)), b.extremum(true, column, b.fill(float64(s.W-s.OW), line))
	return b.moved(s, transform{one, zero, column, zero, one, line}, x), nil
}

// randomColor changes the contrast or the brightness of images, and limits the result.
//
// Source: keras/src/layers/preprocessing/image_preprocessing: random_contrast.py, random_brightness.py.
func randomColor(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.RandomColor), c.in[0]
	if !b.trains(c) {
		return x, nil
	}
	shape := x.Shape()
	draw := b.draw
	if cfg.OfBatch {
		draw = b.drawOnce
	}
	factor := b.broadcastRows(draw(c, cfg.Seed, 0, cfg.Factor), shape)
	y := factor
	if cfg.Kind == "RandomContrast" {
		mean := b.scale(1/float64(shape[1]*shape[2]), 0, b.sumTo(x, tensor.Shape{shape[0], 1, 1, shape[3]}))
		mean = b.repeat(mean, shape)
		y = b.add(b.multiply(b.subtract(x, mean), factor), mean)
	} else {
		y = b.add(x, b.scale(cfg.Values.High-cfg.Values.Low, 0, factor))
	}
	return b.extremum(true, b.extremum(false, y, b.fill(cfg.Values.Low, y)), b.fill(cfg.Values.High, y)), nil
}
