package keras

import (
	"fmt"
	"slices"
)

// Rescaling computes Scale·x + Offset.
type Rescaling struct{ Scale, Offset float64 }

// Class is "Rescaling".
func (*Rescaling) Class() string { return "Rescaling" }

// ArrayRescaling is Rescaling with an array of numbers, which is aligned at the last dimension of the input: one for each channel of
// images, for example. Of the two, one may be a single number.
type ArrayRescaling struct{ Scale, Offset Constant }

// Class is "ArrayRescaling".
func (*ArrayRescaling) Class() string { return "ArrayRescaling" }

func parseRescaling(a *args) kind {
	if _, ok := a.get("scale"); !ok {
		a.fail("scale is missing")
	}
	scale, offset := a.numbers("scale"), a.numbers("offset")
	if offset.values == nil {
		offset.values = []float64{0}
	}
	if a.err == nil && len(scale.values) == 1 && len(offset.values) == 1 {
		return &Rescaling{Scale: scale.values[0], Offset: offset.values[0]}
	}
	return &ArrayRescaling{Scale: Constant{scale.shape, scale.values}, Offset: Constant{offset.shape, offset.values}}
}

func (*Rescaling) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Rescaling) weights([]int) []array { return nil }

func (c *ArrayRescaling) outputShape(in []int) ([]int, error) {
	for _, of := range []Constant{c.Scale, c.Offset} {
		if _, err := of.Aligned(in); err != nil {
			return nil, err
		}
	}
	return slices.Clone(in), nil
}

func (*ArrayRescaling) weights([]int) []array { return nil }

// Aligned is the shape of the array with as many dimensions as a row, each the row's or 1. The array may have one of the batch in front.
func (c *Constant) Aligned(row []int) ([]int, error) {
	shape := c.Shape
	if len(shape) == len(row)+1 && shape[0] == 1 {
		shape = shape[1:]
	}
	skip := len(row) - len(shape)
	fits := skip >= 0
	for i, n := range shape {
		fits = fits && (n == 1 || n == row[skip+i])
	}
	if !fits {
		return nil, fmt.Errorf("an array of shape %s does not fit the input's %s", shapeText(c.Shape), shapeText(row))
	}
	return append(slices.Repeat([]int{1}, skip), shape...), nil
}
