package keras

import (
	"fmt"
	"slices"
)

// Dropout zeroes a fraction Rate of its input in training and scales the rest by 1/(1-Rate).
type Dropout struct {
	Rate float64 // 0 <= Rate < 1
	// NoiseShape is the shape of the mask of one row, broadcast over the row: each entry is 1 or the input's dimension.
	// nil: the input's shape.
	NoiseShape []int
	Seed       *int64 // nil: drawn from the run's seed
	// Alpha is AlphaDropout: elements are set to what SELU gives far below zero, and all are scaled and shifted so that mean
	// and variance stay.
	Alpha bool

	// noise is noise_shape as the JSON gives it, 0 for null.
	noise []int
	// wholeRows: the mask has one number for a row, whatever its shape.
	wholeRows bool
}

// Class is "Dropout" or "AlphaDropout".
func (c *Dropout) Class() string {
	if c.Alpha {
		return "AlphaDropout"
	}
	return "Dropout"
}

func parseAlphaDropout(a *args) kind {
	c := parseDropout(a).(*Dropout)
	c.Alpha = true
	return c
}

func parseDropout(a *args) kind {
	c := &Dropout{Rate: a.float("rate", -1), Seed: a.seed()}
	if c.Rate < 0 || c.Rate >= 1 {
		a.wrong("rate", "at least 0 and less than 1")
	}
	if v, ok := a.get("noise_shape"); ok {
		c.noise = a.dimensions("noise_shape", v)
		if len(c.noise) == 0 || c.noise[0] != 0 {
			a.fail("noise_shape %s must start with null: a mask that is the same for all rows of a batch is not supported", show(v))
		}
	}
	return c
}

func (c *Dropout) outputShape(in []int) ([]int, error) {
	if c.wholeRows {
		c.NoiseShape = slices.Repeat([]int{1}, len(in))
	}
	if c.noise != nil {
		row := slices.Clone(c.noise[1:])
		if len(row) != len(in) {
			return nil, fmt.Errorf("noise_shape has %d dimensions besides the batch, the input %s has %d", len(row), shapeText(in), len(in))
		}
		for i, d := range row {
			if d == 0 {
				row[i] = in[i]
			} else if d != 1 && d != in[i] {
				return nil, fmt.Errorf("noise_shape %s does not broadcast to the input %s", shapeText(row), shapeText(in))
			}
		}
		c.NoiseShape = row
	}
	return slices.Clone(in), nil
}

func (*Dropout) weights([]int) []array { return nil }
