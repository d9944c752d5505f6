package keras

import (
	"fmt"
	"math"
)

// Conv2DTranspose is the gradient of a Conv2D with respect to its images: it makes images larger by Strides.
// Weights: kernel (KernelSize[0], KernelSize[1], Filters, C), bias (Filters) when UseBias.
type Conv2DTranspose struct{ Conv2D }

// Class is "Conv2DTranspose".
func (*Conv2DTranspose) Class() string { return "Conv2DTranspose" }

func parseConv2DTranspose(a *args) kind {
	c := &Conv2DTranspose{a.convolution(2)}
	c.Filters = a.positive("filters")
	c.KernelInitializer = a.initializer("kernel_initializer", glorotUniform)
	c.KernelRegularizer = a.regularizer("kernel_regularizer")
	a.absent("kernel_constraint", "output_padding")
	if v, ok := a.get("groups"); ok && show(v) != "1" { // tf.keras writes 1, which means nothing here
		a.wrong("groups", "1")
	}
	if c.Dilation != [2]int{1, 1} {
		a.fail("dilation_rate %v is not supported", c.Dilation)
	}
	return c
}

// outputShape has size·stride pixels with padding "same", and (size-1)·stride + max(kernel, stride) with "valid".
func (c *Conv2DTranspose) outputShape(in []int) ([]int, error) {
	if err := checkImage(in); err != nil {
		return nil, err
	}
	out := make([]int, 2, 3)
	for i := range out {
		if c.Strides[i] > math.MaxInt32/in[i] {
			return nil, fmt.Errorf("strides %v are too large for the input %s", c.Strides, shapeText(in))
		}
		out[i] = in[i] * c.Strides[i]
		if c.Padding == "valid" {
			out[i] += max(c.KernelSize[i]-c.Strides[i], 0)
		}
	}
	return append(out, c.Filters), nil
}

func (c *Conv2DTranspose) weights(in []int) []array {
	return append([]array{{
		name: "kernel", shape: c.kernel(c.Filters, in[2]), init: c.KernelInitializer, regularizer: c.KernelRegularizer,
	}}, c.bias()...)
}
