package keras

import (
	"fmt"
	"slices"
)

// Dot multiplies its two inputs row by row and sums over one axis of each. The result has the other dimensions of the
// first and then those of the second; vectors give one number.
type Dot struct {
	Axes      [2]int  // counted with the batch dimension, resolved to be positive
	Normalize bool    // both inputs are divided by their Euclidean norm over the axis first
	LeastNorm float64 // what they are divided by at least, where they are

	axes []int // as the JSON gives them
}

// Class is "Dot".
func (*Dot) Class() string { return "Dot" }

func parseDot(a *args) kind {
	c := &Dot{axes: a.intOrInts("axes"), Normalize: a.bool("normalize", false)}
	if c.Normalize {
		c.LeastNorm = a.leastNorm(1e-7)
	}
	if len(c.axes) == 1 {
		c.axes = []int{c.axes[0], c.axes[0]}
	}
	if len(c.axes) != 2 {
		a.wrong("axes", "an axis or a list of two")
	}
	return c
}

func (c *Dot) outputShape(in []int) ([]int, error) { return c.joinShape([][]int{in}) }

func (c *Dot) joinShape(in [][]int) ([]int, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("takes two inputs, found %d", len(in))
	}
	for i, shape := range in {
		var err error
		if c.Axes[i], err = resolveAxis(c.axes[i], shape); err != nil {
			return nil, err
		}
	}
	x, y := c.Axes[0]-1, c.Axes[1]-1
	if in[0][x] != in[1][y] {
		return nil, fmt.Errorf("axes %v: inputs of shapes %s and %s have different lengths there", c.axes, shapeText(in[0]), shapeText(in[1]))
	}
	out := slices.Concat(in[0][:x], in[0][x+1:], in[1][:y], in[1][y+1:])
	if len(out) == 0 {
		out = []int{1}
	}
	return out, nil
}

func (*Dot) weights([]int) []array { return nil }
