package keras

import (
	"fmt"
	"math"
	"slices"
)

// Volumes are (depth, height, width, channels), such as films and scans. What a layer does to height and width is that of the layer
// for images inside its Config; depth is treated like the height of an image of width 1.

// A Depth is how a window moves along the depth of volumes.
type Depth struct{ Window, Stride, Dilation int }

// slide is the depth of the result.
func (d Depth) slide(depth int, padding string) (int, error) {
	window := (d.Window-1)*d.Dilation + 1
	if padding != "same" && depth < window {
		return 0, fmt.Errorf("a window of depth %d does not fit into the input's depth %d", window, depth)
	}
	out, err := slide([]int{depth, 1, 1}, [2]int{window, 1}, [2]int{d.Stride, 1}, padding)
	if err != nil {
		return 0, err
	}
	return out[0], nil
}

// Conv3D is a 3-D convolution over volumes, followed by its activation.
// Weights: kernel (Depth.Window, KernelSize[0], KernelSize[1], C/Groups, Filters), bias (Filters) when UseBias.
type Conv3D struct {
	Conv2D
	Depth Depth
}

// Class is "Conv3D".
func (*Conv3D) Class() string { return "Conv3D" }

func parseConv3D(a *args) kind {
	plane := parseConv(3)(a).(*Conv2D)
	c := &Conv3D{*plane, Depth{a.depth("kernel_size", 1), a.depth("strides", 1), a.depth("dilation_rate", 1)}}
	if a.err == nil && (c.Depth.Stride > 1 || c.Strides != [2]int{1, 1}) && (c.Depth.Dilation > 1 || c.Dilation != [2]int{1, 1}) {
		a.fail("strides and dilation_rate: Keras allows only one of them to differ from 1")
	}
	return c
}

// depth is the first of three sizes; extent has the others.
func (a *args) depth(key string, byDefault int) int { return a.sizes(key, 3, byDefault)[0] }

func (c *Conv3D) outputShape(in []int) ([]int, error) {
	if err := checkVolume(in); err != nil {
		return nil, err
	}
	depth, err := c.Depth.slide(in[0], c.Padding)
	if err != nil {
		return nil, err
	}
	plane, err := c.Conv2D.outputShape(in[1:])
	if err != nil {
		return nil, err
	}
	return append([]int{depth}, plane...), nil
}

func (c *Conv3D) weights(in []int) []array {
	arrays := c.Conv2D.weights(in[1:])
	arrays[0].shape = append([]int{c.Depth.Window}, arrays[0].shape...)
	return arrays
}

// Pooling3D takes the maximum or the mean over windows of volumes.
type Pooling3D struct {
	Pooling
	Depth Depth
}

// parsePooling3D makes the parse function of a class.
func parsePooling3D(class string) func(*args) kind {
	return func(a *args) kind {
		plane := parsePooling(class, 3)(a).(*Pooling)
		window := a.depth("pool_size", 2)
		stride := window
		if a.has("strides") {
			stride = a.depth("strides", 1)
		}
		return &Pooling3D{*plane, Depth{window, stride, 1}}
	}
}

func (c *Pooling3D) outputShape(in []int) ([]int, error) {
	if err := checkVolume(in); err != nil {
		return nil, err
	}
	depth, err := c.Depth.slide(in[0], c.Padding)
	if err != nil {
		return nil, fmt.Errorf("pooling: %w", err)
	}
	plane, err := c.Pooling.outputShape(in[1:])
	if err != nil {
		return nil, err
	}
	return append([]int{depth}, plane...), nil
}

// Frame3D adds zeros around volumes (ZeroPadding3D) or cuts pixels off (Cropping3D).
type Frame3D struct {
	Frame
	Depth [2]int // how many images are added or cut before and after
}

// parseFrame3D makes the parse function of a class, which has its numbers in the argument key.
func parseFrame3D(class, key string) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		edges := a.edges(key, 3, 1)
		return &Frame3D{Frame{class, [2][2]int(edges[1:])}, edges[0]}
	}
}

func (c *Frame3D) outputShape(in []int) ([]int, error) {
	if err := checkVolume(in); err != nil {
		return nil, err
	}
	depth := Frame{c.Kind, [2][2]int{c.Depth}}
	out, err := depth.outputShape([]int{in[0], 1, 1})
	if err != nil {
		return nil, fmt.Errorf("depth: %w", err)
	}
	plane, err := c.Frame.outputShape(in[1:])
	if err != nil {
		return nil, err
	}
	return append(out[:1], plane...), nil
}

// UpSampling3D repeats each element of volumes Size[0] times in depth, Size[1] downwards and Size[2] to the right.
type UpSampling3D struct{ Size [3]int }

// Class is "UpSampling3D".
func (*UpSampling3D) Class() string { return "UpSampling3D" }

func parseUpSampling3D(a *args) kind {
	a.dataFormat()
	return &UpSampling3D{[3]int(a.sizes("size", 3, 2))}
}

func (c *UpSampling3D) outputShape(in []int) ([]int, error) {
	if err := checkVolume(in); err != nil {
		return nil, err
	}
	out := slices.Clone(in)
	for i, n := range c.Size {
		if n > math.MaxInt32/in[i] {
			return nil, fmt.Errorf("size %v is too large for the input %s", c.Size, shapeText(in))
		}
		out[i] *= n
	}
	return out, nil
}

func (*UpSampling3D) weights([]int) []array { return nil }
