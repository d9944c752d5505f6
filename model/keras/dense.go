package keras

import "slices"

// Dense computes activation(x · kernel + bias) over the last dimension.
// Weights: kernel (in, Units), bias (Units) when UseBias.
type Dense struct {
	Units             int
	Activation        string // a name of keras.activations; "linear" when none
	UseBias           bool
	KernelInitializer Initializer
	BiasInitializer   Initializer
	KernelRegularizer Regularizer
	BiasRegularizer   Regularizer
	KernelConstraint  *Constraint
	BiasConstraint    *Constraint
}

// Class is "Dense".
func (*Dense) Class() string { return "Dense" }

func parseDense(a *args) kind {
	a.absent("lora_rank", "lora_alpha", "quantization_config")
	return &Dense{
		Units:             a.positive("units"),
		Activation:        a.halving(),
		UseBias:           a.bool("use_bias", true),
		KernelInitializer: a.initializer("kernel_initializer", glorotUniform),
		BiasInitializer:   a.initializer("bias_initializer", zeros),
		KernelRegularizer: a.regularizer("kernel_regularizer"),
		BiasRegularizer:   a.regularizer("bias_regularizer"),
		KernelConstraint:  a.constraint("kernel_constraint"),
		BiasConstraint:    a.constraint("bias_constraint"),
	}
}

func (c *Dense) outputShape(in []int) ([]int, error) {
	out := slices.Clone(in)
	out[len(out)-1] = c.Units
	return activated(c.Activation, out)
}

func (c *Dense) weights(in []int) []array {
	arrays := []array{{
		name: "kernel", shape: []int{in[len(in)-1], c.Units}, init: c.KernelInitializer,
		regularizer: c.KernelRegularizer, constraint: c.KernelConstraint,
	}}
	if c.UseBias {
		arrays = append(arrays, array{
			name: "bias", shape: []int{c.Units}, init: c.BiasInitializer,
			regularizer: c.BiasRegularizer, constraint: c.BiasConstraint,
		})
	}
	return arrays
}
