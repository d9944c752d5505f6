package keras

import (
	"fmt"
	"strconv"
	"strings"
)

// shapeText writes a shape as errors show it: (28, 28, 1).
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Flatten joins all dimensions but the batch.
type Flatten struct{}

// Class is "Flatten".
func (*Flatten) Class() string { return "Flatten" }

func parseFlatten(a *args) kind {
	a.dataFormat()
	return &Flatten{}
}

func (*Flatten) outputShape(in []int) ([]int, error) {
	return []int{rowElements(in)}, nil
}

func (*Flatten) weights([]int) []array { return nil }

// Reshape gives rows the target shape; a -1 of the JSON is resolved.
type Reshape struct{ TargetShape []int }

// Class is "Reshape".
func (*Reshape) Class() string { return "Reshape" }

func parseReshape(a *args) kind {
	c := &Reshape{TargetShape: a.ints("target_shape")}
	free := 0
	for _, d := range c.TargetShape {
		if d == -1 {
			free++
		} else if d < 1 {
			a.fail("target_shape %s: dimensions must be at least 1, or -1 for one of them", shapeText(c.TargetShape))
		}
	}
	if free > 1 {
		a.fail("target_shape %s has more than one -1", shapeText(c.TargetShape))
	}
	return c
}

func (c *Reshape) outputShape(in []int) ([]int, error) {
	n := rowElements(in)
	out := make([]int, len(c.TargetShape))
	fixed, free := 1, -1
	for i, d := range c.TargetShape {
		out[i] = d
		switch {
		case d == -1:
			free = i
		case d > MaxRowElements/fixed:
			return nil, fmt.Errorf("target_shape %s is too large", shapeText(c.TargetShape))
		default:
			fixed *= d
		}
	}
	if free >= 0 && n%fixed == 0 {
		out[free] = n / fixed
		fixed = n
	}
	if fixed != n {
		return nil, fmt.Errorf("cannot reshape %s (%d elements) to target_shape %s", shapeText(in), n, shapeText(c.TargetShape))
	}
	c.TargetShape = out
	return append([]int(nil), out...), nil
}

func (*Reshape) weights([]int) []array { return nil }
