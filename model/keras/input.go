package keras

import "fmt"

// InputLayer declares an input of the model; Shape is the shape of its rows, with 0 for a dimension that is open. Scalar says that the JSON has the batch
// dimension alone: such an input is read as (1), and a TextVectorization must take it. Dtype is the name of its dtype, "" where the JSON has none.
type InputLayer struct {
	Shape  []int
	Scalar bool
	Dtype  string
}

// Class is "InputLayer".
func (*InputLayer) Class() string { return "InputLayer" }

// parseInput reads an InputLayer. Its shape is batch_input_shape, or batch_shape in Keras 3.
func parseInput(a *args) *InputLayer {
	a.off("sparse", "ragged", "optional")
	shape := a.batchShape()
	if shape == nil && a.err == nil {
		a.fail("states no input shape (batch_input_shape or batch_shape)")
	}
	dtype := policyName(a.obj["dtype"])
	if a.scalar && dtype != "string" {
		a.fail("the input shape must hold the batch dimension and at least one more")
	}
	return &InputLayer{Shape: shape, Scalar: a.scalar, Dtype: dtype}
}

// batchShape reads the input shape that a layer's config states, nil where it states none. The batch dimension is
// dropped, whatever it is: batches are cut by the trainer.
func (a *args) batchShape() []int {
	var shape []int
	for _, key := range []string{"batch_input_shape", "batch_shape"} {
		v, ok := a.get(key)
		if !ok {
			continue
		}
		row := a.rowShape(key, v)
		if shape == nil {
			shape = row
		}
	}
	return shape
}

// rowShape reads a shape with batch dimension and returns it without. A dimension that is open is 0. A batch dimension alone is (1), and scalar says so.
func (a *args) rowShape(key string, v any) []int {
	shape := a.dimensions(key, v)
	if a.err != nil {
		return nil
	}
	switch len(shape) {
	case 0:
		a.fail("%s %s must hold the batch dimension", key, show(v))
		return nil
	case 1:
		a.scalar = true
		return []int{1}
	}
	row := shape[1:]
	if err := checkRow(atLeast1(row)); err != nil {
		a.err = fmt.Errorf("%s: %w", key, err)
		return nil
	}
	return row
}
