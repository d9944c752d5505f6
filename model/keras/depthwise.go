package keras

import "fmt"

// DepthwiseConv2D convolves every channel of NHWC images by itself into Multiplier channels. It is a Conv2D with a group
// per channel, which it resolves from its input. DepthwiseConv1D works on sequences (length, channels) as images of width 1.
// Weights: kernel (KernelSize[0], KernelSize[1], C, Multiplier), bias (C·Multiplier) when UseBias.
type DepthwiseConv2D struct {
	Conv2D
	Multiplier int
}

// Class is "DepthwiseConv2D" or "DepthwiseConv1D".
func (c *DepthwiseConv2D) Class() string {
	if c.Line {
		return "DepthwiseConv1D"
	}
	return "DepthwiseConv2D"
}

// parseDepthwiseConv makes the parse function of a class for inputs with dims dimensions besides the channels.
func parseDepthwiseConv(dims int) func(*args) kind {
	return func(a *args) kind {
		c := a.depthwise(dims)
		return &c
	}
}

// depthwise reads the arguments of a depthwise convolution. One of sequences may have further paddings.
func (a *args) depthwise(dims int, paddingOf1D ...string) DepthwiseConv2D {
	c := DepthwiseConv2D{Conv2D: a.convolution(dims, paddingOf1D...), Multiplier: 1}
	if _, ok := a.get("depth_multiplier"); ok {
		c.Multiplier = a.positive("depth_multiplier")
	}
	if v, ok := a.get("groups"); ok && show(v) != "1" { // tf.keras writes 1, which means nothing here
		a.wrong("groups", "1")
	}
	c.KernelInitializer = a.initializer("depthwise_initializer", glorotUniform)
	c.KernelRegularizer = a.regularizer("depthwise_regularizer")
	c.KernelConstraint = a.constraint("depthwise_constraint")
	a.absent("kernel_constraint", "kernel_regularizer")
	a.skip("kernel_initializer") // tf.keras writes it and does not use it
	return c
}

func (c *DepthwiseConv2D) outputShape(in []int) ([]int, error) {
	channels := in[len(in)-1]
	if c.Multiplier > MaxRowElements/channels {
		return nil, fmt.Errorf("depth_multiplier %d is too large for the input %s", c.Multiplier, shapeText(in))
	}
	c.Groups, c.Filters = channels, channels*c.Multiplier
	return c.Conv2D.outputShape(in)
}

func (c *DepthwiseConv2D) weights(in []int) []array {
	return append(c.depthwiseKernel("kernel", in), c.bias()...)
}

// depthwiseKernel is the array of the kernel.
func (c *DepthwiseConv2D) depthwiseKernel(name string, in []int) []array {
	return []array{{
		name: name, shape: c.kernel(in[len(in)-1], c.Multiplier), init: c.KernelInitializer,
		regularizer: c.KernelRegularizer, constraint: c.KernelConstraint,
	}}
}

// SeparableConv is a depthwise convolution without bias, then a convolution of single pixels into Filters channels, the
// bias and the activation. SeparableConv1D works on sequences (length, channels) as images of width 1.
// Weights: depthwise_kernel (KernelSize[0], KernelSize[1], C, Multiplier), pointwise_kernel (1, 1, C·Multiplier, Filters),
// bias (Filters) when UseBias.
type SeparableConv struct {
	Kind      string // the class: "SeparableConv2D" or "SeparableConv1D"
	Depthwise DepthwiseConv2D
	Pointwise Conv2D
}

// Class is the kind.
func (c *SeparableConv) Class() string { return c.Kind }

// parseSeparableConv makes the parse function of a class for inputs with dims dimensions besides the channels.
func parseSeparableConv(class string, dims int) func(*args) kind {
	return func(a *args) kind {
		var padding []string
		if beforeKeras3(a.version) { // Keras 3 has it no more
			padding = []string{"causal"}
		}
		c := &SeparableConv{Kind: class, Depthwise: a.depthwise(dims, padding...)}
		c.Pointwise = c.Depthwise.Conv2D
		c.Pointwise.KernelSize, c.Pointwise.Strides, c.Pointwise.Dilation = [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}
		c.Pointwise.Padding = "valid"
		c.Depthwise.Activation, c.Depthwise.UseBias = "linear", false
		c.Pointwise.Filters = a.positive("filters")
		c.Pointwise.KernelInitializer = a.initializer("pointwise_initializer", glorotUniform)
		c.Pointwise.KernelRegularizer = a.regularizer("pointwise_regularizer")
		c.Pointwise.KernelConstraint = a.constraint("pointwise_constraint")
		return c
	}
}

func (c *SeparableConv) outputShape(in []int) ([]int, error) {
	middle, err := c.Depthwise.outputShape(in)
	if err != nil {
		return nil, err
	}
	return c.Pointwise.outputShape(middle)
}

func (c *SeparableConv) weights(in []int) []array {
	arrays := c.Depthwise.depthwiseKernel("depthwise_kernel", in)
	pointwise := c.Pointwise.weights([]int{c.Depthwise.Filters})
	pointwise[0].name = "pointwise_kernel"
	return append(arrays, pointwise...)
}
