package keras

import (
	"fmt"
	"slices"
)

// Normalization computes (x - mean)/max(√variance, 1e-7), or mean + max(√variance, 1e-7)·x where Invert is set, with a mean
// and a variance for each place along some axes. They are given by the JSON, or else they are weights, which are not trained.
//
// Weights, where the JSON gives no numbers: mean and variance, of the input's shape along the axes, and count, a number that
// nothing reads.
type Normalization struct {
	Invert bool
	// Shape is that of mean and variance as part of a row: the input's or 1 in each dimension.
	Shape []int
	// Mean and Variance have the elements of Shape; nil where they are weights.
	Mean, Variance []float64

	axes []int // as the JSON gives them
	// along is the input's shape along the axes, given that of Mean and Variance in the JSON.
	along, given []int
}

// Class is "Normalization".
func (*Normalization) Class() string { return "Normalization" }

func parseNormalization(a *args) kind {
	mean, variance := a.numbers("mean"), a.numbers("variance")
	c := &Normalization{
		Invert: a.bool("invert", false), Mean: mean.values, Variance: variance.values, given: mean.shape,
	}
	if a.has("axis") {
		c.axes = a.intOrInts("axis")
	} else if _, null := a.obj["axis"]; !null {
		c.axes = []int{-1}
	}
	if a.err == nil && (!slices.Equal(mean.shape, variance.shape) || len(mean.values) != len(variance.values)) {
		a.fail("mean and variance must both be given, in one shape, or neither")
	}
	return c
}

func (c *Normalization) outputShape(in []int) ([]int, error) {
	axes, err := resolveSet(c.axes, in)
	if err != nil {
		return nil, err
	}
	c.Shape, c.along = slices.Repeat([]int{1}, len(in)), nil
	for _, axis := range axes {
		c.Shape[axis-1] = in[axis-1]
		c.along = append(c.along, in[axis-1])
	}
	if c.Mean == nil {
		return slices.Clone(in), nil
	}
	if !c.fit(axes, in) {
		return nil, fmt.Errorf("mean and variance of shape %s do not fit the input's %s", shapeText(c.given), shapeText(c.along))
	}
	return slices.Clone(in), nil
}

// fit finds the Shape of a mean and variance that are given: aligned at the last of the axes, or where they have more dimensions than
// these, as what tf.keras and Keras before 3.14 take, at the last one of the batch. Only along the axes may they differ.
func (c *Normalization) fit(axes, in []int) bool {
	batch := slices.Repeat([]int{1}, 1+len(in))
	switch n := len(c.given); {
	case n <= len(axes):
		for i, axis := range axes[len(axes)-n:] {
			batch[axis] = c.given[i]
		}
	case n <= len(batch):
		copy(batch[len(batch)-n:], c.given)
	default:
		return false
	}
	for d, n := range batch {
		if n != 1 && (!slices.Contains(axes, d) || n != in[d-1]) {
			return false
		}
	}
	c.Shape = batch[1:]
	return true
}

func (c *Normalization) weights([]int) []array {
	if c.Mean != nil {
		return nil
	}
	return []array{
		{name: "mean", shape: c.along, init: zeros, fixed: true},
		{name: "variance", shape: c.along, init: ones, fixed: true},
		{name: "count", init: zeros, fixed: true},
	}
}

// numbers are an array of the JSON: a number or nested lists of them.
type numbers struct {
	shape  []int
	values []float64
}

// numbers reads an array, which Keras 3 may write as {"class_name": "__numpy__", "config": {"value": ...}}.
func (a *args) numbers(key string) numbers {
	v, ok := a.get(key)
	if !ok {
		return numbers{}
	}
	v = arrayValue(v)
	n := numbers{shape: []int{}}
	for list, ok := v.([]any); ok && len(list) > 0; list, ok = list[0].([]any) {
		n.shape = append(n.shape, len(list))
	}
	if !n.add(v, 0) {
		a.wrong(key, "a number or nested lists of numbers, all of one length")
	}
	return n
}

// arrayValue is the list that an array of the JSON has.
func arrayValue(v any) any {
	if obj, ok := v.(object); ok && (obj["class_name"] == "__numpy__" || obj["class_name"] == "__tensor__") {
		if config, ok := obj["config"].(object); ok {
			return config["value"]
		}
	}
	return v
}

// add appends the numbers of v, which must have the shape from its dimension d on.
func (n *numbers) add(v any, d int) bool {
	if d == len(n.shape) {
		f, ok := toFloat(v)
		n.values = append(n.values, f)
		return ok
	}
	list, ok := v.([]any)
	if !ok || len(list) != n.shape[d] {
		return false
	}
	for _, e := range list {
		if !n.add(e, d+1) {
			return false
		}
	}
	return true
}
