package keras

import (
	"fmt"
	"math"
	"slices"
)

// A Constraint changes a weight after each of the optimizer's steps: it makes negative elements 0, or it multiplies the
// elements along Axes, whose norm is n, by
//
//	(Rate·clip(n, Min, Max) + (1 - Rate)·n) / (n + 1e-7)
//
// Source: keras/src/constraints/constraints.py; 1e-7 is keras.config.epsilon().
type Constraint struct {
	NonNegative    bool
	Min, Max, Rate float64
	// Axes of the weight, in ascending order. A negative one counts from the end. nil: all.
	Axes []int
}

// constraints is the table of known constraints: how each reads its arguments.
var constraints = map[string]func(*args) *Constraint{
	"MaxNorm": func(a *args) *Constraint {
		return &Constraint{Max: a.atLeast0("max_value", 2), Rate: 1, Axes: a.normAxes()}
	},
	"MinMaxNorm": func(a *args) *Constraint {
		c := &Constraint{Min: a.atLeast0("min_value", 0), Max: a.atLeast0("max_value", 1), Rate: a.float("rate", 1), Axes: a.normAxes()}
		if c.Min > c.Max {
			a.fail("min_value %g is greater than max_value %g", c.Min, c.Max)
		}
		return c
	},
	"NonNeg":   func(*args) *Constraint { return &Constraint{NonNegative: true} },
	"UnitNorm": func(a *args) *Constraint { return &Constraint{Min: 1, Max: 1, Rate: 1, Axes: a.normAxes()} },
}

// normAxes reads the axes of a norm: one, a list, or null for all; the default is the first.
func (a *args) normAxes() []int {
	v, given := a.obj["axis"]
	switch {
	case !given:
		return []int{0}
	case v == nil:
		return nil
	}
	return a.intOrInts("axis")
}

// constraint reads a constraint: a name, {"class_name": ..., "config": {...}}, or null for none.
func (a *args) constraint(key string) *Constraint {
	v, ok := a.get(key)
	if !ok {
		return nil
	}
	c, err := readNamed("constraint", constraints, v)
	if err != nil {
		a.fail("%s: %w", key, err)
	}
	return c
}

// fits refuses axes that an array does not have.
func (c *Constraint) fits(shape []int) error {
	if c == nil || c.NonNegative {
		return nil
	}
	_, err := c.AxesOf(shape)
	return err
}

// AxesOf are the axes of a weight of a shape that a norm is taken along, counted from the front.
func (c *Constraint) AxesOf(shape []int) ([]int, error) {
	var axes []int
	if c.Axes == nil {
		for i := range shape {
			axes = append(axes, i)
		}
		return axes, nil
	}
	for _, axis := range c.Axes {
		from := axis
		if from < 0 {
			from += len(shape)
		}
		if from < 0 || from >= len(shape) || slices.Contains(axes, from) {
			return nil, fmt.Errorf("constraint along axes %v of an array of shape %s", c.Axes, shapeText(shape))
		}
		axes = append(axes, from)
	}
	slices.Sort(axes)
	return axes, nil
}

// Factor is what elements are multiplied by whose norm is n.
func (c *Constraint) Factor(n float64) float64 {
	return (c.Rate*math.Min(math.Max(n, c.Min), c.Max) + (1-c.Rate)*n) / (n + 1e-7)
}
