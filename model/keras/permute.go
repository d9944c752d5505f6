package keras

import "fmt"

// Permute reorders the dimensions of rows: dimension i of the result is dimension Dims[i] of the input. Both are counted
// with the batch dimension, which stays in front.
type Permute struct{ Dims []int }

// Class is "Permute".
func (*Permute) Class() string { return "Permute" }

func parsePermute(a *args) kind {
	c := &Permute{Dims: a.ints("dims")}
	seen := make([]bool, len(c.Dims))
	for _, d := range c.Dims {
		if d < 1 || d > len(c.Dims) || seen[d-1] {
			a.fail("dims %s must hold each of 1 to %d once", shapeText(c.Dims), len(c.Dims))
			break
		}
		seen[d-1] = true
	}
	return c
}

func (c *Permute) outputShape(in []int) ([]int, error) {
	if len(c.Dims) != len(in) {
		return nil, fmt.Errorf("dims %s has %d dimensions, the input %s has %d", shapeText(c.Dims), len(c.Dims), shapeText(in), len(in))
	}
	out := make([]int, len(in))
	for i, d := range c.Dims {
		out[i] = in[d-1]
	}
	return out, nil
}

func (*Permute) weights([]int) []array { return nil }
