package keras

import (
	"fmt"
	"math"
	"slices"
)

// Conv2DTranspose is the gradient of a Conv2D with respect to its images: it makes images larger by Strides.
// Conv1DTranspose works on sequences (length, channels) as images of width 1.
// Weights: kernel (KernelSize[0], KernelSize[1], Filters, C), bias (Filters) when UseBias.
type Conv2DTranspose struct {
	Conv2D
	// OutputPadding says how much longer than the least the result is; nil: as Strides says.
	OutputPadding []int
}

// Class is "Conv2DTranspose" or "Conv1DTranspose".
func (c *Conv2DTranspose) Class() string {
	if c.Line {
		return "Conv1DTranspose"
	}
	return "Conv2DTranspose"
}

// parseConvTranspose makes the parse function of a class for inputs with dims dimensions besides the channels.
func parseConvTranspose(dims int) func(*args) kind {
	return func(a *args) kind {
		c := &Conv2DTranspose{Conv2D: a.convolution(dims)}
		c.Filters = a.positive("filters")
		c.KernelInitializer = a.initializer("kernel_initializer", glorotUniform)
		c.KernelRegularizer = a.regularizer("kernel_regularizer")
		c.KernelConstraint = a.constraint("kernel_constraint")
		if v, ok := a.get("groups"); ok && show(v) != "1" { // tf.keras writes 1, which means nothing here
			a.wrong("groups", "1")
		}
		if a.has("output_padding") {
			c.OutputPadding = a.intOrInts("output_padding")
			if len(c.OutputPadding) == 1 {
				c.OutputPadding = slices.Repeat(c.OutputPadding, dims)
			}
			if len(c.OutputPadding) != dims || slices.Min(c.OutputPadding) < 0 {
				a.wrong("output_padding", "an integer or a list of integers of at least 0")
			}
		}
		if c.Dilation != [2]int{1, 1} {
			a.fail("dilation_rate %v is not supported", c.Dilation)
		}
		return c
	}
}

// outputShape has size·stride pixels with padding "same", and (size-1)·stride + max(kernel, stride) with "valid". With an
// OutputPadding it has (size-1)·stride pixels and that many more, and the kernel, of which "same" counts one pixel where it is
// odd and none where it is even.
//
// Source: keras/src/backend/common/backend_utils.py, _get_output_shape_given_tf_padding.
func (c *Conv2DTranspose) outputShape(in []int) ([]int, error) {
	image, dims, err := asImage(c.Class(), in)
	if err != nil {
		return nil, err
	}
	out := make([]int, 2, 3)
	for i := range out {
		if c.Strides[i] > math.MaxInt32/image[i] {
			return nil, fmt.Errorf("strides %v are too large for the input %s", c.Strides, shapeText(in))
		}
		out[i] = image[i] * c.Strides[i]
		if c.Padding == "valid" {
			out[i] += max(c.KernelSize[i]-c.Strides[i], 0)
		}
		if i >= len(c.OutputPadding) {
			continue
		}
		kernel, padded := c.KernelSize[i], c.OutputPadding[i]
		if c.Padding == "same" {
			kernel %= 2
		}
		out[i] = (image[i]-1)*c.Strides[i] + kernel + padded
		if out[i] < 1 {
			return nil, fmt.Errorf("output_padding %v leaves nothing of the input %s", c.OutputPadding, shapeText(in))
		}
		back, err := slide([]int{out[i], out[i]}, [2]int{c.KernelSize[i], c.KernelSize[i]}, [2]int{c.Strides[i], c.Strides[i]}, c.Padding)
		if err != nil || back[0] != image[i] {
			return nil, fmt.Errorf("output_padding %v does not fit strides %v and the input %s", c.OutputPadding, c.Strides, shapeText(in))
		}
	}
	return append(out[:dims], c.Filters), nil
}

func (c *Conv2DTranspose) weights(in []int) []array {
	return append([]array{{
		name: "kernel", shape: c.kernel(c.Filters, in[len(in)-1]), init: c.KernelInitializer,
		regularizer: c.KernelRegularizer, constraint: c.KernelConstraint,
	}}, c.bias()...)
}

// Conv3DTranspose is the gradient of a Conv3D with respect to its volumes.
// Weights: kernel (Depth.Window, KernelSize[0], KernelSize[1], Filters, C), bias (Filters) when UseBias.
type Conv3DTranspose struct {
	Conv2DTranspose
	Depth Depth
	// DepthPadding is the OutputPadding of the depth, of one element; nil: as the stride says.
	DepthPadding []int
}

// Class is "Conv3DTranspose".
func (*Conv3DTranspose) Class() string { return "Conv3DTranspose" }

func parseConv3DTranspose(a *args) kind {
	plane := parseConvTranspose(3)(a).(*Conv2DTranspose)
	c := &Conv3DTranspose{Conv2DTranspose: *plane, Depth: Depth{a.depth("kernel_size", 1), a.depth("strides", 1), a.depth("dilation_rate", 1)}}
	if len(c.OutputPadding) == 3 {
		c.DepthPadding, c.OutputPadding = c.OutputPadding[:1], c.OutputPadding[1:]
	}
	if c.Depth.Dilation != 1 {
		a.fail("dilation_rate %s is not supported", show(a.obj["dilation_rate"]))
	}
	return c
}

func (c *Conv3DTranspose) outputShape(in []int) ([]int, error) {
	if err := checkVolume(in); err != nil {
		return nil, err
	}
	depth := Conv2DTranspose{OutputPadding: c.DepthPadding, Conv2D: c.Conv2D}
	depth.KernelSize, depth.Strides = [2]int{c.Depth.Window, 1}, [2]int{c.Depth.Stride, 1}
	line, err := depth.outputShape([]int{in[0], 1, 1})
	if err != nil {
		return nil, fmt.Errorf("depth: %w", err)
	}
	plane, err := c.Conv2DTranspose.outputShape(in[1:])
	if err != nil {
		return nil, err
	}
	return append(line[:1], plane...), nil
}

func (c *Conv3DTranspose) weights(in []int) []array {
	arrays := c.Conv2DTranspose.weights(in[1:])
	arrays[0].shape = append([]int{c.Depth.Window}, arrays[0].shape...)
	return arrays
}
