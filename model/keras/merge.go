package keras

import (
	"errors"
	"fmt"
	"slices"
)

// A joiner is a kind that takes several inputs.
type joiner interface {
	kind
	// joinShape is outputShape for any number of inputs.
	joinShape(in [][]int) ([]int, error)
}

// Merge computes its inputs' element-wise sum, difference, product, mean, maximum or minimum. Inputs broadcast: shapes are
// aligned at their last dimension, and a dimension of 1 repeats.
type Merge struct {
	Operation string // the class: "Add", "Subtract", "Multiply", "Average", "Maximum" or "Minimum"
}

// Class is the operation.
func (c *Merge) Class() string { return c.Operation }

// parseMerge makes the parse function of an operation.
func parseMerge(operation string) func(*args) kind {
	return func(*args) kind { return &Merge{operation} }
}

func (c *Merge) outputShape(in []int) ([]int, error) { return c.joinShape([][]int{in}) }

func (c *Merge) joinShape(in [][]int) ([]int, error) {
	if c.Operation == "Subtract" && len(in) != 2 {
		return nil, fmt.Errorf("takes two inputs, found %d", len(in))
	}
	out := slices.Clone(in[0])
	for _, shape := range in[1:] {
		var err error
		if out, err = broadcast(out, shape); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (*Merge) weights([]int) []array { return nil }

// broadcast is the shape that two shapes of rows broadcast to. Like Keras it aligns them at their last dimension.
func broadcast(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	skip := len(a) - len(b)
	for i, n := range b {
		switch m := a[skip+i]; {
		case m == 1:
			out[skip+i] = n
		case n != 1 && n != m:
			return nil, fmt.Errorf("inputs of shapes %s and %s do not broadcast to one shape", shapeText(a), shapeText(b))
		}
	}
	return out, nil
}

// Concatenate joins its inputs along one dimension.
type Concatenate struct {
	Axis int // counted with the batch dimension; a negative one from the end
}

// Class is "Concatenate".
func (*Concatenate) Class() string { return "Concatenate" }

func parseConcatenate(a *args) kind { return &Concatenate{Axis: a.axis("axis", -1)} }

func (c *Concatenate) outputShape(in []int) ([]int, error) { return c.joinShape([][]int{in}) }

func (c *Concatenate) joinShape(in [][]int) ([]int, error) {
	axis, err := resolveAxis(c.Axis, in[0])
	if err != nil {
		return nil, err
	}
	out := slices.Clone(in[0])
	for _, shape := range in[1:] {
		if len(shape) != len(out) {
			return nil, fmt.Errorf("inputs of shapes %s and %s have different numbers of dimensions", shapeText(in[0]), shapeText(shape))
		}
		for i, n := range shape {
			if i != axis-1 && n != out[i] {
				return nil, fmt.Errorf("inputs of shapes %s and %s differ in more than axis %d", shapeText(in[0]), shapeText(shape), axis)
			}
		}
		if shape[axis-1] > MaxRowElements-out[axis-1] {
			return nil, errors.New("the result is too large")
		}
		out[axis-1] += shape[axis-1]
	}
	return out, nil
}

func (*Concatenate) weights([]int) []array { return nil }

// resolveAxis counts a negative axis from the end. Axes are counted with the batch dimension, which none may be.
func resolveAxis(axis int, in []int) (int, error) {
	resolved := axis
	if axis < 0 {
		resolved += len(in) + 1
	}
	if resolved < 1 || resolved > len(in) {
		return 0, fmt.Errorf("axis %d is not an axis of the input %s besides the batch", axis, shapeText(in))
	}
	return resolved, nil
}
