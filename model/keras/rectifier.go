package keras

import (
	"fmt"
	"math"
	"slices"
)

// ReLU is MaxValue for x >= MaxValue, x for Threshold < x < MaxValue, else NegativeSlope·(x - Threshold). It also serves
// LeakyReLU and ThresholdedReLU.
type ReLU struct {
	MaxValue, NegativeSlope, Threshold float64 // MaxValue is +Inf where there is none
}

// Class is "ReLU".
func (*ReLU) Class() string { return "ReLU" }

func parseReLU(a *args) kind {
	return &ReLU{
		MaxValue:      a.atLeast0("max_value", math.Inf(1)),
		NegativeSlope: a.atLeast0("negative_slope", 0),
		Threshold:     a.atLeast0("threshold", 0),
	}
}

// parseLeakyReLU reads negative_slope, which older versions call alpha.
func parseLeakyReLU(a *args) kind {
	key := "negative_slope"
	if _, ok := a.get(key); !ok {
		key = "alpha"
	}
	return &ReLU{MaxValue: math.Inf(1), NegativeSlope: a.atLeast0(key, 0.3)}
}

func parseThresholdedReLU(a *args) kind {
	return &ReLU{MaxValue: math.Inf(1), Threshold: a.atLeast0("theta", 1)}
}

func (*ReLU) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*ReLU) weights([]int) []array { return nil }

// ELU is x for x > 0, else Alpha·(exp(x) - 1).
type ELU struct{ Alpha float64 }

// Class is "ELU".
func (*ELU) Class() string { return "ELU" }

func parseELU(a *args) kind {
	return &ELU{Alpha: a.atLeast0("alpha", 1)}
}

func (*ELU) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*ELU) weights([]int) []array { return nil }

// PReLU is x for x > 0, else alpha·x with a weight alpha for every element of a row.
// Weights: alpha, of the shape of a row, but of size 1 along SharedAxes.
type PReLU struct {
	SharedAxes       []int // counted with the batch dimension
	AlphaInitializer Initializer
	AlphaRegularizer Regularizer
	AlphaConstraint  *Constraint
}

// Class is "PReLU".
func (*PReLU) Class() string { return "PReLU" }

func parsePReLU(a *args) kind {
	c := &PReLU{
		AlphaInitializer: a.initializer("alpha_initializer", zeros),
		AlphaRegularizer: a.regularizer("alpha_regularizer"),
		AlphaConstraint:  a.constraint("alpha_constraint"),
	}
	if a.has("shared_axes") {
		c.SharedAxes = a.intOrInts("shared_axes")
	}
	return c
}

func (c *PReLU) outputShape(in []int) ([]int, error) {
	for _, axis := range c.SharedAxes {
		if axis < 1 || axis > len(in) {
			return nil, fmt.Errorf("shared_axes %v: %d is not an axis of the input %s besides the batch", c.SharedAxes, axis, shapeText(in))
		}
	}
	return slices.Clone(in), nil
}

func (c *PReLU) weights(in []int) []array {
	shape := slices.Clone(in)
	for _, axis := range c.SharedAxes {
		shape[axis-1] = 1
	}
	return []array{{
		name: "alpha", shape: shape, init: c.AlphaInitializer, regularizer: c.AlphaRegularizer, constraint: c.AlphaConstraint,
	}}
}

// Softmax normalises over Axes together.
type Softmax struct {
	Axes []int // counted with the batch dimension, resolved to be positive, in ascending order

	axes []int // as the JSON gives them
}

// Class is "Softmax".
func (*Softmax) Class() string { return "Softmax" }

func parseSoftmax(a *args) kind { return &Softmax{axes: a.axes("axis")} }

func (c *Softmax) outputShape(in []int) ([]int, error) {
	var err error
	c.Axes, err = resolveSet(c.axes, in)
	return slices.Clone(in), err
}

func (*Softmax) weights([]int) []array { return nil }
