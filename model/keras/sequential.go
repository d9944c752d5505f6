package keras

import (
	"errors"
	"fmt"
	"slices"
)

// sequential reads a chain of layers. Its input shape is stated by an InputLayer, by the first layer
// (batch_input_shape) or by the model (build_input_shape); where several state it, they must agree.
func sequential(b *builder, config object) error {
	list, err := layerList(config)
	if err != nil {
		return err
	}
	built, err := buildInputShape(config)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	var last int // the tensor at the end of the chain
	for i, obj := range list {
		l, err := b.layer(i, obj)
		if err != nil {
			return err
		}
		if i == 0 {
			if last, err = b.chainStart(l, built); err != nil {
				return &LayerError{Layer: l.Name, Class: l.Class, Err: err}
			}
			if l.Class == "InputLayer" {
				continue
			}
		}
		if last, err = b.apply(l, []int{last}); err != nil {
			return err
		}
	}
	b.spec.Outputs = []int{last}
	return nil
}

// chainStart adds the input tensor that the first layer states; built is what the model states, or nil.
func (b *builder) chainStart(first *Layer, built []int) (int, error) {
	name, shape := first.Name+"_input", b.stated[first]
	if in, ok := first.Config.(*InputLayer); ok {
		name, shape = first.Name, in.Shape
	}
	if shape == nil {
		shape = built
	}
	if shape == nil {
		return 0, errors.New("the first layer must state the input shape (batch_input_shape, or an InputLayer before it)")
	}
	if built != nil && !slices.Equal(built, shape) {
		return 0, fmt.Errorf("states the input shape %s, the model's build_input_shape is %s", shapeText(shape), shapeText(built))
	}
	return b.input(name, shape), nil
}

// buildInputShape is the input shape that the model's config states, nil where it states none.
func buildInputShape(config object) ([]int, error) {
	a := newArgs(config)
	v, ok := a.get("build_input_shape")
	if !ok {
		return nil, nil
	}
	shape := a.rowShape("build_input_shape", v)
	return shape, a.err
}
