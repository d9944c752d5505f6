package keras

import (
	"fmt"
	"slices"
)

// Slice takes Count places along an axis, from Start on, Step apart; with a negative Step backwards. Places outside of the input
// are 0. It is a part of operations such as x[:, 1:3].
type Slice struct {
	Axis               int // counted with the batch
	Start, Step, Count int
}

// Class is "Slice".
func (*Slice) Class() string { return "Slice" }

func (c *Slice) outputShape(in []int) ([]int, error) {
	axis, err := resolveAxis(c.Axis, in)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(in)
	out[axis-1] = c.Count
	return out, nil
}

func (*Slice) weights([]int) []array { return nil }

// Reduce is the sum, mean, maximum or minimum over some axes. Where several elements are the extremum, they share the gradient
// equally, as in TensorFlow.
type Reduce struct {
	Operation string // "Sum", "Mean", "Max" or "Min"
	Axes      []int  // counted with the batch, in ascending order
	KeepDims  bool   // the axes stay, of size 1
}

// Class is "Reduce".
func (*Reduce) Class() string { return "Reduce" }

func (c *Reduce) outputShape(in []int) ([]int, error) {
	var out []int
	for i, d := range in {
		switch {
		case !slices.Contains(c.Axes, i+1):
			out = append(out, d)
		case c.KeepDims:
			out = append(out, 1)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("leaves no dimension of the shape %s, which is not supported: keepdims keeps them", shapeText(in))
	}
	return out, nil
}

func (*Reduce) weights([]int) []array { return nil }

// Constant is an array of numbers, the same for every row of its input.
type Constant struct {
	Shape  []int
	Values []float64
}

// Class is "Constant".
func (*Constant) Class() string { return "Constant" }

func (c *Constant) outputShape([]int) ([]int, error) { return slices.Clone(c.Shape), nil }

func (*Constant) weights([]int) []array { return nil }

// Function applies a function to every element: abs, cos, gelu_tanh (gelu's approximation), log, reciprocal, rsqrt (1/√x), sin, sqrt or
// truncate (towards 0).
type Function struct{ Name string }

// Class is "Function".
func (*Function) Class() string { return "Function" }

func (*Function) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Function) weights([]int) []array { return nil }
