package keras

import "fmt"

// Conv2D is a 2-D convolution over NHWC images, followed by its activation.
// Conv1D works on sequences (length, channels) as images of width 1; its kernel has no second dimension.
// Weights: kernel (KernelSize[0], KernelSize[1], C/Groups, Filters), bias (Filters) when UseBias.
type Conv2D struct {
	Line              bool // Conv1D
	Filters           int
	KernelSize        [2]int
	Strides           [2]int
	Dilation          [2]int
	Groups            int
	Padding           string // "valid", "same" or, for Conv1D and SeparableConv1D, "causal"
	Activation        string
	UseBias           bool
	KernelInitializer Initializer
	BiasInitializer   Initializer
	KernelRegularizer Regularizer
	BiasRegularizer   Regularizer
	KernelConstraint  *Constraint
	BiasConstraint    *Constraint
}

// Class is "Conv2D" or "Conv1D".
func (c *Conv2D) Class() string {
	if c.Line {
		return "Conv1D"
	}
	return "Conv2D"
}

// parseConv makes the parse function of Conv2D (two dims besides the channels) or Conv1D (one).
func parseConv(dims int) func(*args) kind {
	return func(a *args) kind {
		c := a.convolution(dims, "causal")
		c.Filters = a.positive("filters")
		c.KernelInitializer = a.initializer("kernel_initializer", glorotUniform)
		c.KernelRegularizer = a.regularizer("kernel_regularizer")
		c.KernelConstraint = a.constraint("kernel_constraint")
		if _, ok := a.get("groups"); ok {
			c.Groups = a.positive("groups")
		}
		if a.err == nil && c.Filters%c.Groups != 0 {
			a.fail("filters %d cannot be divided into %d groups", c.Filters, c.Groups)
		}
		return &c
	}
}

// convolution reads what all convolutions have in common. Conv1D knows one more padding than the others.
func (a *args) convolution(dims int, paddingOf1D ...string) Conv2D {
	a.absent("lora_rank", "lora_alpha", "quantization_config")
	a.dataFormat()
	paddings := []string{"valid", "same"}
	if dims == 1 {
		paddings = append(paddings, paddingOf1D...)
	}
	if _, ok := a.get("kernel_size"); !ok {
		a.fail("kernel_size is missing")
	}
	c := Conv2D{
		Line:            dims == 1,
		KernelSize:      a.extent("kernel_size", dims, 1),
		Strides:         a.extent("strides", dims, 1),
		Dilation:        a.extent("dilation_rate", dims, 1),
		Groups:          1,
		Padding:         a.oneOf("padding", paddings...),
		Activation:      a.activation(),
		UseBias:         a.bool("use_bias", true),
		BiasInitializer: a.initializer("bias_initializer", zeros),
		BiasRegularizer: a.regularizer("bias_regularizer"),
		BiasConstraint:  a.constraint("bias_constraint"),
	}
	if a.err == nil && c.Strides != [2]int{1, 1} && c.Dilation != [2]int{1, 1} {
		a.fail("strides %v and dilation_rate %v: Keras allows only one of them to differ from 1", c.Strides, c.Dilation)
	}
	return c
}

func (c *Conv2D) outputShape(in []int) ([]int, error) {
	image, dims, err := asImage(c.Class(), in)
	if err != nil {
		return nil, err
	}
	if image[2]%c.Groups != 0 {
		return nil, fmt.Errorf("input %s: its channels cannot be divided into %d groups", shapeText(in), c.Groups)
	}
	var window [2]int
	for i := range window {
		window[i] = (c.KernelSize[i]-1)*c.Dilation[i] + 1
	}
	padding := c.Padding
	if padding == "causal" { // as long as with "same", but all of the padding lies in front
		padding = "same"
	}
	out, err := slide(image, window, c.Strides, padding)
	if err != nil {
		return nil, fmt.Errorf("kernel %v: %w", c.KernelSize, err)
	}
	return append(out[:dims], c.Filters), nil
}

// kernel is the shape of a kernel between numbers of channels.
func (c *Conv2D) kernel(from, to int) []int {
	if c.Line {
		return []int{c.KernelSize[0], from, to}
	}
	return []int{c.KernelSize[0], c.KernelSize[1], from, to}
}

// bias is the array of the bias, if there is one.
func (c *Conv2D) bias() []array {
	if !c.UseBias {
		return nil
	}
	return []array{{
		name: "bias", shape: []int{c.Filters}, init: c.BiasInitializer,
		regularizer: c.BiasRegularizer, constraint: c.BiasConstraint,
	}}
}

func (c *Conv2D) weights(in []int) []array {
	return append([]array{{
		name:        "kernel",
		shape:       c.kernel(in[len(in)-1]/c.Groups, c.Filters),
		init:        c.KernelInitializer,
		regularizer: c.KernelRegularizer,
		constraint:  c.KernelConstraint,
	}}, c.bias()...)
}
