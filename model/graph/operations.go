package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CodeConstant is an array, once for every row of its input; Attr is a *ConstantAttr.
const CodeConstant = "constant"

// A ConstantAttr is an array of numbers, row-major, and how often it is repeated.
type ConstantAttr struct {
	Rows   int
	Values []float32
}

// namedFunctions are the functions of keras.Function by their names.
var namedFunctions = map[string]kernels.Function{
	"abs":        kernels.Absolute,
	"cos":        kernels.Cosine,
	"log":        kernels.Logarithm,
	"reciprocal": kernels.Reciprocal,
	"rsqrt":      kernels.ReciprocalRoot,
	"sin":        kernels.Sine,
	"sqrt":       kernels.Root,
	"truncate":   kernels.Truncate,
}

func namedFunction(b *builder, c *call) (*gorgonia.Node, error) {
	name := c.Config.(*keras.Function).Name
	if name == "gelu_tanh" {
		return b.activation(c.in[0], kernels.GELUTanh), nil
	}
	return b.function(c.in[0], namedFunctions[name]), nil
}

func constant(b *builder, c *call) (*gorgonia.Node, error) {
	return b.constant(c.Config.(*keras.Constant).Values, b.outShape(c), c.in[0]), nil
}

// constant is an array for every row of a shape; x is any node with as many rows.
func (b *builder) constant(values []float64, shape tensor.Shape, x *gorgonia.Node) *gorgonia.Node {
	attr := &ConstantAttr{Rows: shape[0], Values: float32s(values)}
	return b.apply(Op{Code: CodeConstant, Attr: attr, Out: shape, InPlace: -1}, x)
}

// slice takes places along an axis: what lies before the axis are images, the axis is their height, what lies behind are channels.
func slice(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := *c.Config.(*keras.Slice), c.in[0]
	axis := fromFront(cfg.Axis, x)
	s := x.Shape()
	n := s[axis]
	if cfg.Step < 0 {
		x = b.turned(x, axis)
		cfg.Start, cfg.Step = n-1-cfg.Start, -cfg.Step
	}
	before, behind := s[:axis].TotalSize(), s[axis+1:].TotalSize()
	lines := func(n, h int) tensor.Shape { return tensor.Shape{n, h, 1, behind} }
	x = b.cut(b.reshape(x, lines(before, n)), -cfg.Start, cfg.Count*cfg.Step)
	if cfg.Step > 1 {
		x = b.cut(b.reshape(x, lines(before*cfg.Count, cfg.Step)), 0, 1)
	}
	return b.reshape(x, b.outShape(c)), nil
}

// cut moves images by some pixels downwards into frames of another height.
func (b *builder) cut(x *gorgonia.Node, down, height int) *gorgonia.Node {
	s := x.Shape()
	if down == 0 && height == s[1] {
		return x
	}
	return b.frame(&kernels.FrameShape{N: s[0], H: s[1], W: 1, C: s[3], Top: down, OH: height, OW: 1}, x)
}

// turned turns an axis around.
func (b *builder) turned(x *gorgonia.Node, axis int) *gorgonia.Node {
	order := []int{axis}
	for d := range x.Shape().Dims() {
		if d != axis {
			order = append(order, d)
		}
	}
	undo := make([]int, len(order))
	for i, d := range order {
		undo[d] = i
	}
	return b.permute(b.reverse(b.permute(x, order)), undo)
}

func reduce(b *builder, c *call) (*gorgonia.Node, error) {
	cfg, x := c.Config.(*keras.Reduce), c.in[0]
	if cfg.Operation == "Max" || cfg.Operation == "Min" {
		return b.reshape(b.extremumOver(cfg.Operation == "Min", x, cfg.Axes), b.outShape(c)), nil
	}
	small := x.Shape().Clone()
	n := 1
	for _, axis := range cfg.Axes {
		n *= small[axis]
		small[axis] = 1
	}
	y := b.sumTo(x, small)
	if cfg.Operation == "Mean" {
		y = b.scale(1/float64(n), 0, y)
	}
	return b.reshape(y, b.outShape(c)), nil
}

// extremumOver is the extremum over some axes: these become the pixels of images whose channels are the others.
func (b *builder) extremumOver(isMin bool, x *gorgonia.Node, axes []int) *gorgonia.Node {
	var order, others []int
	pixels, channels := 1, 1
	for d, n := range x.Shape() {
		if d == 0 || slices.Contains(axes, d) {
			order = append(order, d)
			if d > 0 {
				pixels *= n
			}
			continue
		}
		others = append(others, d)
		channels *= n
	}
	x = b.permute(x, append(order, others...))
	if isMin {
		x = b.scale(-1, 0, x)
	}
	y := b.globalMax(GlobalMaxAttr{x.Shape()[0], pixels, channels}, b.reshape(x, tensor.Shape{x.Shape()[0], pixels, channels}))
	if isMin {
		y = b.scale(-1, 0, y)
	}
	return y
}
