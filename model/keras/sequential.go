package keras

import "fmt"

// A sequential is a Sequential model: each layer is applied to the result of the one before. Its input shape is stated by an
// InputLayer, by the first layer (batch_input_shape) or by the model (build_input_shape); where several state it, the first of
// these counts, as in Keras, and what other layers state does not.
type sequential struct {
	*builder
	members []*Layer
	links   []*Layer // members without the InputLayer
	input   []input  // one, or none
}

// Class is "Sequential".
func (*sequential) Class() string { return "Sequential" }

func readSequential(s *scope, config object) (network, error) {
	list, err := layerList(config)
	if err != nil {
		return nil, err
	}
	built, scalar, err := buildInputShape(config)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	c := &sequential{builder: s.builder}
	for i, obj := range list {
		l, err := s.member(i, obj)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			c.start(l, built, scalar)
		}
		if l.Class != "InputLayer" { // a second one gives its input on
			c.links = append(c.links, l)
		}
	}
	c.members = s.members
	return c, nil
}

// start takes the input shape that the first layer states, or built, which is what the model states, or nil; scalar is built's.
func (c *sequential) start(first *Layer, built []int, scalar bool) {
	in := input{Tensor: Tensor{Name: first.Name + "_input", Shape: c.shapes[first]}}
	switch config := first.Config.(type) {
	case *InputLayer:
		in = input{Tensor{Name: first.Name, Shape: config.Shape}, config.Dtype, config.Scalar}
	case network:
		if stated := config.stated(); len(stated) == 1 {
			in.Shape, in.dtype, in.scalar = stated[0].Shape, stated[0].dtype, stated[0].scalar
		}
	}
	if whole, err := RowShape(in.Shape, built); built != nil && err == nil { // it closes what the first layer leaves open
		in.scalar = in.scalar || in.Shape == nil && scalar
		in.Shape = whole
	}
	if in.Shape != nil {
		c.input = []input{in}
	}
}

func (c *sequential) stated() []input { return c.input }

func (*sequential) results() int { return 1 }

func (c *sequential) apply(in []int) ([]int, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("takes one input, found %d", len(in))
	}
	for _, l := range c.links {
		var err error
		if in, err = c.call(l, node{}, in); err != nil {
			return nil, err
		}
		if len(in) != 1 {
			return nil, l.wrap(fmt.Errorf("gives %d results, a Sequential model takes layers with one", len(in)))
		}
	}
	return in, nil
}

// buildInputShape is the input shape that the model's config states, nil where it states none; scalar: of the batch dimension alone.
func buildInputShape(config object) (shape []int, scalar bool, err error) {
	a := newArgs(config)
	if v, ok := a.get("build_input_shape"); ok {
		shape = a.rowShape("build_input_shape", v)
	}
	return shape, a.scalar, a.err
}
