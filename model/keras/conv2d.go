package keras

import "fmt"

// Conv2D is a 2-D convolution over NHWC images, followed by its activation.
// Weights: kernel (KernelSize[0], KernelSize[1], C/Groups, Filters), bias (Filters) when UseBias.
type Conv2D struct {
	Filters           int
	KernelSize        [2]int
	Strides           [2]int
	Dilation          [2]int
	Groups            int
	Padding           string // "valid" or "same"
	Activation        string
	UseBias           bool
	KernelInitializer Initializer
	BiasInitializer   Initializer
}

// Class is "Conv2D".
func (*Conv2D) Class() string { return "Conv2D" }

func parseConv2D(a *args) kind {
	a.absent("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
		"lora_rank", "lora_alpha", "quantization_config")
	a.channelsLast()
	c := &Conv2D{
		Filters:           a.positive("filters"),
		KernelSize:        a.pair("kernel_size", [2]int{}),
		Strides:           a.pair("strides", [2]int{1, 1}),
		Dilation:          a.pair("dilation_rate", [2]int{1, 1}),
		Groups:            1,
		Padding:           a.oneOf("padding", "valid", "same"),
		Activation:        a.activation(),
		UseBias:           a.bool("use_bias", true),
		KernelInitializer: a.initializer("kernel_initializer", glorotUniform),
		BiasInitializer:   a.initializer("bias_initializer", zeros),
	}
	if c.KernelSize == [2]int{} {
		a.fail("kernel_size is missing")
	}
	if _, ok := a.get("groups"); ok {
		c.Groups = a.positive("groups")
	}
	if a.err != nil {
		return c
	}
	if c.Filters%c.Groups != 0 {
		a.fail("filters %d cannot be divided into %d groups", c.Filters, c.Groups)
	}
	if c.Strides != [2]int{1, 1} && c.Dilation != [2]int{1, 1} {
		a.fail("strides %v and dilation_rate %v: Keras allows only one of them to differ from 1", c.Strides, c.Dilation)
	}
	return c
}

func (c *Conv2D) outputShape(in []int) ([]int, error) {
	if err := checkImage(in); err != nil {
		return nil, err
	}
	if in[2]%c.Groups != 0 {
		return nil, fmt.Errorf("input %s: its channels cannot be divided into %d groups", shapeText(in), c.Groups)
	}
	var window [2]int
	for i := range window {
		window[i] = (c.KernelSize[i]-1)*c.Dilation[i] + 1
	}
	out, err := slide(in, window, c.Strides, c.Padding)
	if err != nil {
		return nil, fmt.Errorf("kernel %v: %w", c.KernelSize, err)
	}
	return append(out, c.Filters), nil
}

func (c *Conv2D) weights(in []int) []array {
	arrays := []array{{
		name:  "kernel",
		shape: []int{c.KernelSize[0], c.KernelSize[1], in[2] / c.Groups, c.Filters},
		init:  c.KernelInitializer,
	}}
	if c.UseBias {
		arrays = append(arrays, array{name: "bias", shape: []int{c.Filters}, init: c.BiasInitializer})
	}
	return arrays
}
