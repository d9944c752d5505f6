package keras

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// EinsumDense computes activation(einsum(Equation, x, kernel) + bias), where dimensions of x that the kernel has too are summed over.
// Weights: kernel, of the dimensions that the equation says, and a bias if there are bias axes.
type EinsumDense struct {
	// Equation has a letter for every dimension, the batch's among them, after outputShape has seen the input: "abc,cd->abd". A dimension
	// that the JSON leaves out by ... is a digit.
	In, Kernel, Out string
	Activation      string
	UseBias         bool
	// BiasShape is the bias' shape, aligned at the last dimension of the result.
	BiasShape         []int
	KernelInitializer Initializer
	BiasInitializer   Initializer
	KernelRegularizer Regularizer
	BiasRegularizer   Regularizer
	KernelConstraint  *Constraint
	BiasConstraint    *Constraint

	equation []string // the parts as the JSON has them
	biasAxes string
	partial  []int // output_shape, 0 for null
	sizes    map[byte]int
}

// Class is "EinsumDense".
func (*EinsumDense) Class() string { return "EinsumDense" }

// einsums are the equations that Keras reads.
var einsums = regexp.MustCompile(`^(?:([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)|(\.\.\.[a-zA-Z]+),([a-zA-Z]+)->(\.\.\.[a-zA-Z]+)|([a-zA-Z]{2,}\.\.\.),([a-zA-Z]+)->([a-zA-Z]+\.\.\.))$`)

func parseEinsumDense(a *args) kind {
	a.absent("lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config")
	c := &EinsumDense{
		Activation:        a.activation(),
		biasAxes:          a.string("bias_axes", ""),
		KernelInitializer: a.initializer("kernel_initializer", glorotUniform),
		BiasInitializer:   a.initializer("bias_initializer", zeros),
		KernelRegularizer: a.regularizer("kernel_regularizer"),
		BiasRegularizer:   a.regularizer("bias_regularizer"),
		KernelConstraint:  a.constraint("kernel_constraint"),
		BiasConstraint:    a.constraint("bias_constraint"),
	}
	c.UseBias = c.biasAxes != ""
	equation := a.string("equation", "")
	parts := einsums.FindStringSubmatch(strings.ReplaceAll(equation, " ", ""))
	if parts == nil {
		a.wrong("equation", `of the form "ab,bc->ac", "...a,ab->...b" or "ab...,bc->ac..."`)
		return c
	}
	c.equation = slices.DeleteFunc(parts[1:], func(s string) bool { return s == "" })
	if v, ok := a.get("output_shape"); ok {
		if n, one := toInt(v); one {
			c.partial = []int{n}
		} else {
			c.partial = a.dimensions("output_shape", v)
		}
	}
	return c
}

// expand writes digits for the dimensions that ... stands for.
func expand(part string, hidden int) string {
	return strings.Replace(part, "...", "0123456789"[:hidden], 1)
}

func (c *EinsumDense) outputShape(in []int) ([]int, error) {
	hidden := len(in) + 1 - len(strings.Trim(c.equation[0], "."))
	if hidden < 0 || hidden > 9 || hidden > 0 != strings.Contains(c.equation[0], "...") {
		return nil, fmt.Errorf("equation %q does not fit the input %s", c.equation[0], shapeText(in))
	}
	c.In, c.Kernel, c.Out = expand(c.equation[0], hidden), c.equation[1], expand(c.equation[2], hidden)
	if c.Out[0] != c.In[0] || strings.Contains(c.Kernel, c.In[:1]) {
		return nil, fmt.Errorf("equation %s,%s->%s: the batch must stay the first dimension, and the kernel has none", c.In, c.Kernel, c.Out)
	}
	c.sizes = map[byte]int{}
	for i, n := range in {
		c.sizes[c.In[i+1]] = n
	}
	for _, part := range []string{c.In, c.Kernel, c.Out} {
		for i := range part {
			if strings.IndexByte(part, part[i]) != i {
				return nil, fmt.Errorf("equation: %q has a dimension twice, which is not supported", part)
			}
		}
	}
	for i := 1; i < len(c.In); i++ {
		if k, o := strings.IndexByte(c.Kernel, c.In[i]) >= 0, strings.IndexByte(c.Out, c.In[i]) >= 0; k == o {
			return nil, fmt.Errorf("equation %s,%s->%s: dimension %c of the input must be in the kernel or in the result, and not in both", c.In, c.Kernel, c.Out, c.In[i])
		}
	}
	if err := c.resultSizes(hidden); err != nil {
		return nil, err
	}
	out := make([]int, 0, len(c.Out)-1)
	for i := 1; i < len(c.Out); i++ {
		out = append(out, c.sizes[c.Out[i]])
	}
	for i := range c.Kernel {
		if c.sizes[c.Kernel[i]] == 0 {
			return nil, fmt.Errorf("equation: dimension %c of the kernel is neither in the input nor in the result", c.Kernel[i])
		}
	}
	c.BiasShape = nil
	if at := strings.IndexAny(c.Out, c.biasAxes); c.UseBias {
		if at < 1 {
			return nil, fmt.Errorf("bias_axes %q are not dimensions of the result %s besides the batch", c.biasAxes, c.Out)
		}
		for ; at < len(c.Out); at++ {
			n := 1
			if strings.IndexByte(c.biasAxes, c.Out[at]) >= 0 {
				n = c.sizes[c.Out[at]]
			}
			c.BiasShape = append(c.BiasShape, n)
		}
	}
	return out, nil
}

// resultSizes takes the sizes of new dimensions from output_shape, which has all dimensions of the result but the batch and those that ... hides.
func (c *EinsumDense) resultSizes(hidden int) error {
	shown := c.Out[1:]
	if strings.HasPrefix(c.equation[2], "...") {
		shown = c.Out[hidden:]
	} else if hidden > 0 {
		shown = c.Out[1 : len(c.Out)-hidden]
	}
	if len(c.partial) != len(shown) {
		return fmt.Errorf("output_shape %s must have %d dimensions, those of %q", shapeText(c.partial), len(shown), shown)
	}
	for i, n := range c.partial {
		switch had := c.sizes[shown[i]]; {
		case had == 0 && n == 0:
			return fmt.Errorf("output_shape does not say how large dimension %c is", shown[i])
		case had == 0:
			c.sizes[shown[i]] = n
		case n != 0 && n != had:
			return fmt.Errorf("output_shape has %d for dimension %c, the input %d", n, shown[i], had)
		}
	}
	return nil
}

func (c *EinsumDense) weights([]int) []array {
	kernel := array{name: "kernel", init: c.KernelInitializer, regularizer: c.KernelRegularizer, constraint: c.KernelConstraint}
	kernel.init.Fans = [2]int{1, 1}
	for i := range c.Kernel {
		n := c.sizes[c.Kernel[i]]
		kernel.shape = append(kernel.shape, n)
		if strings.IndexByte(c.In, c.Kernel[i]) >= 0 {
			kernel.init.Fans[0] *= n
		} else {
			kernel.init.Fans[1] *= n
		}
	}
	if !c.UseBias {
		return []array{kernel}
	}
	return []array{kernel, {
		name: "bias", shape: c.BiasShape, init: c.BiasInitializer, regularizer: c.BiasRegularizer, constraint: c.BiasConstraint,
	}}
}
