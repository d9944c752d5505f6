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
}

// Class is "PReLU".
func (*PReLU) Class() string { return "PReLU" }

func parsePReLU(a *args) kind {
	a.absent("alpha_constraint")
	c := &PReLU{
		AlphaInitializer: a.initializer("alpha_initializer", zeros),
		AlphaRegularizer: a.regularizer("alpha_regularizer"),
	}
	if v, ok := a.get("shared_axes"); ok {
		if n, single := toInt(v); single {
			c.SharedAxes = []int{n}
		} else {
			c.SharedAxes = a.ints("shared_axes")
		}
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
	return []array{{name: "alpha", shape: shape, init: c.AlphaInitializer, regularizer: c.AlphaRegularizer}}
}

// Softmax normalises along one axis.
type Softmax struct {
	Axis int // counted with the batch dimension; a negative one from the end
}

// Class is "Softmax".
func (*Softmax) Class() string { return "Softmax" }

func parseSoftmax(a *args) kind { return &Softmax{Axis: a.axis("axis", -1)} }

func (c *Softmax) outputShape(in []int) ([]int, error) {
	if _, err := resolveAxis(c.Axis, in); err != nil {
		return nil, err
	}
	return slices.Clone(in), nil
}

func (*Softmax) weights([]int) []array { return nil }
