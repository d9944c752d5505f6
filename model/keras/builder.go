package keras

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A builder makes a Spec: it applies layers to tensors and lays the weights out.
type builder struct {
	spec *Spec
	// shapes are the input shapes that layers' own configs state.
	shapes map[*Layer][]int
	// masks are the masks of tensors that have one, by their indexes.
	masks map[int]int
	// numbered are the names of layers that several models have, by Keras' number (shared_object_id), and sharedWith is the first of a number for the
	// others.
	numbered   map[string]string
	sharedWith map[*Layer]string
	total      int // weights so far
	applied    int // calls so far, those of networks included
	// inference says that the network that is applied was called with training=False.
	inference bool
}

func newBuilder() *builder {
	return &builder{spec: &Spec{}, shapes: map[*Layer][]int{}, masks: map[int]int{}, numbered: map[string]string{}, sharedWith: map[*Layer]string{}}
}

// note keeps a notice about the model, once.
func (b *builder) note(text string) {
	if !slices.Contains(b.spec.Notices, text) {
		b.spec.Notices = append(b.spec.Notices, text)
	}
}

// tensor adds a tensor and returns its index.
func (b *builder) tensor(name string, shape []int) int {
	b.spec.Tensors = append(b.spec.Tensors, Tensor{Name: name, Shape: shape})
	return len(b.spec.Tensors) - 1
}

// count counts a call.
func (b *builder) count() error {
	if b.applied++; b.applied > MaxCalls {
		return fmt.Errorf("brings the model above %d calls of layers", MaxCalls)
	}
	return nil
}

// call applies a layer or a network to tensors and returns the results; n is how the layer is called.
func (b *builder) call(l *Layer, n node, in []int) ([]int, error) {
	if err := b.count(); err != nil {
		return nil, l.wrap(err)
	}
	var out []int
	var err error
	switch config := l.Config.(type) {
	case network:
		out, err = b.enter(l, config, n, in)
	case *Operation:
		out, err = b.operate(l, config, n, in)
	case *InputLayer: // of a Sequential that has two
		out = in
	case kind:
		out, err = b.apply(l, config, n, in)
	default:
		err = errors.New("cannot be applied to a tensor")
	}
	if err != nil {
		return nil, l.wrap(err)
	}
	return out, nil
}

// enter applies a network inside the model. Keras calls what it makes by its name. Where an input has a mask, Keras 3
// writes the masks among the arguments of the call.
func (b *builder) enter(l *Layer, inner network, n node, in []int) ([]int, error) {
	owners := map[string]int{}
	for i, t := range in[:len(in)-len(n.names)] {
		owners["mask"] = in[0]
		owners[maskOfInput(i)] = t
	}
	in, given, err := b.takeMasks(&n, in, owners)
	if err != nil {
		return nil, err
	}
	maps.Copy(b.masks, given)
	if err := n.plain(); err != nil {
		return nil, err
	}
	if stated := inner.stated(); stated != nil {
		if len(stated) != len(in) {
			return nil, fmt.Errorf("takes %d inputs, found %d", len(stated), len(in))
		}
		in = slices.Clone(in)
		for i, s := range stated {
			var err error
			if in[i], err = b.asStated(l, s.Shape, in[i]); err != nil {
				return nil, err
			}
		}
	}
	made, before := len(b.spec.Tensors), b.inference
	b.inference = before || n.inference
	out, err := inner.apply(in)
	b.inference = before
	for _, t := range out {
		if t >= made {
			b.spec.Tensors[t].Name = l.Name
		}
	}
	return out, err
}

// asStated is the input of a network as the network states it: it may have a last dimension of 1 more, or less. Keras 2 takes
// images and sequences of another size, too.
func (b *builder) asStated(l *Layer, stated []int, in int) (int, error) {
	shape := b.spec.Tensors[in].Shape
	fits, err := RowShape(stated, shape)
	if last := len(shape) - 1; err != nil && b.spec.BeforeKeras3() && len(stated) == len(shape) && (stated[last] == shape[last] || stated[last] == 0) {
		fits, err = shape, nil
	}
	if err != nil {
		return 0, fmt.Errorf("states the input shape %s, its input has shape %s", openText(stated), shapeText(shape))
	}
	if slices.Equal(fits, shape) {
		return in, nil
	}
	return b.compute(l.Name, &Reshape{TargetShape: fits}, in)
}

func (b *builder) apply(l *Layer, k kind, n node, in []int) ([]int, error) {
	c := Call{Layer: l, Inputs: in, Inference: b.inference || n.inference}
	inputs, masks, err := b.takeMasks(&n, in, maskOwners(k, &n, in))
	if err != nil {
		return nil, err
	}
	c.Inputs = inputs
	if caller, ok := unwrapped(k).(caller); ok {
		err = caller.bind(n, &c)
	} else {
		err = n.plain()
	}
	if err != nil {
		return nil, err
	}
	shapes := make([][]int, len(c.Inputs))
	for i, t := range c.Inputs {
		shapes[i] = b.spec.Tensors[t].Shape
	}
	shape := shapes[0]
	outShape, err := outputShape(k, shapes)
	if err != nil {
		return nil, err
	}
	if err := checkRow(outShape); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	if err := b.maskInputs(&c, k, masks); err != nil {
		return nil, err
	}
	if err := b.own(l, k.weights(shape)); err != nil {
		return nil, err
	}
	c.Outputs = []int{b.tensor(l.Name, outShape)}
	b.makeStates(&c, k, shape)
	used := c
	if len(c.Inputs) > 1 && len(masks) == 0 && b.forgetsMask(k) {
		used.Masks = nil
	}
	b.spec.Calls = append(b.spec.Calls, used)
	return c.Outputs, b.maskResult(&c, k)
}

// outputShape is the shape of a layer's result for its inputs.
func outputShape(k kind, in [][]int) ([]int, error) {
	if j, ok := k.(joiner); ok {
		return j.joinShape(in)
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("takes one input, found %d", len(in))
	}
	return k.outputShape(in[0])
}

// compute adds a call that the JSON does not have, of a layer without weights.
func (b *builder) compute(name string, k kind, in ...int) (int, error) {
	if err := b.count(); err != nil {
		return -1, err
	}
	shapes := make([][]int, len(in))
	for i, t := range in {
		shapes[i] = b.spec.Tensors[t].Shape
	}
	shape, err := outputShape(k, shapes)
	if err != nil {
		return -1, err
	}
	if err := checkRow(shape); err != nil {
		return -1, fmt.Errorf("output: %w", err)
	}
	out := b.tensor(name, shape)
	b.spec.Calls = append(b.spec.Calls, Call{Layer: &Layer{Name: name, Class: k.Class(), Config: k}, Inputs: in, Outputs: []int{out}})
	return out, nil
}

// own gives a layer its weights at its first call; later calls must need the same.
func (b *builder) own(l *Layer, arrays []array) error {
	if b.sharedWith[l] != "" && len(arrays) > 0 {
		return fmt.Errorf("is the layer %q too (shared_object_id): a layer with weights that several models inside the model share is not supported", b.sharedWith[l])
	}
	if l.Weights != nil {
		for i, a := range arrays {
			if !slices.Equal(a.shape, l.Weights[i].Shape) {
				return fmt.Errorf("is shared, but its %s has shape %s for one input and %s for another",
					a.name, shapeText(l.Weights[i].Shape), shapeText(a.shape))
			}
		}
		return nil
	}
	for _, a := range arrays {
		n, ok := elements(a.shape, MaxWeights-b.total)
		if !ok {
			return fmt.Errorf("%s of shape %s brings the model above %d weights", a.name, shapeText(a.shape), MaxWeights)
		}
		if err := a.init.fits(a.shape); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		if err := errors.Join(a.regularizer.fits(a.shape), a.constraint.fits(a.shape)); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		b.total += n
		l.Weights = append(l.Weights, &Weight{
			Layer:       l.Name,
			Name:        a.name,
			Shape:       slices.Clone(a.shape),
			Trainable:   l.Trainable && !a.fixed,
			Initializer: a.init,
			Regularizer: a.regularizer,
			Constraint:  a.constraint,
		})
	}
	return nil
}

// layout places all weights in the flat vector, layer by layer.
func (b *builder) layout() {
	s := b.spec
	for _, l := range s.Layers {
		for _, w := range l.Weights {
			w.Offset = s.NumWeights
			s.NumWeights += w.Size()
			s.Weights = append(s.Weights, w)
		}
	}
}
