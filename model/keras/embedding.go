package keras

import (
	"fmt"
	"slices"
)

// Embedding replaces every element of its input, a whole number from 0 to InputDim-1 (fractions are cut off), by a row of
// OutputDim numbers. A number outside gives NaN. Weights: embeddings (InputDim, OutputDim).
type Embedding struct {
	InputDim, OutputDim int
	MaskZero            bool // the steps of a sequence (T) that are 0 are masked
	Initializer         Initializer
	Regularizer         Regularizer
	Constraint          *Constraint
}

// Class is "Embedding".
func (*Embedding) Class() string { return "Embedding" }

func parseEmbedding(a *args) kind {
	a.absent("lora_rank", "lora_alpha", "quantization_config")
	a.off("sparse")
	a.skip("input_length") // the input's shape says it too
	return &Embedding{
		InputDim:    a.positive("input_dim"),
		OutputDim:   a.positive("output_dim"),
		MaskZero:    a.bool("mask_zero", false),
		Initializer: a.initializer("embeddings_initializer", Initializer{Class: "RandomUniform", Minval: -0.05, Maxval: 0.05}),
		Regularizer: a.regularizer("embeddings_regularizer"),
		Constraint:  a.constraint("embeddings_constraint"),
	}
}

func (c *Embedding) outputShape(in []int) ([]int, error) {
	if c.MaskZero && len(in) != 1 {
		return nil, fmt.Errorf("mask_zero expects sequences (steps), found an input of shape %s", shapeText(in))
	}
	return append(slices.Clone(in), c.OutputDim), nil
}

func (c *Embedding) weights([]int) []array {
	return []array{{
		name: "embeddings", shape: []int{c.InputDim, c.OutputDim}, init: c.Initializer,
		regularizer: c.Regularizer, constraint: c.Constraint,
	}}
}
