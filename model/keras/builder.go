package keras

import (
	"errors"
	"fmt"
	"slices"
)

// A builder makes a Spec: it reads layers one by one, applies them to tensors and lays the weights out.
type builder struct {
	spec   *Spec
	frozen bool // the whole model is not trainable
	layers map[string]*Layer
	// stated is the input shape that a layer's own config states.
	stated map[*Layer][]int
	total  int // weights so far
}

func newBuilder() *builder {
	return &builder{spec: &Spec{}, layers: map[string]*Layer{}, stated: map[*Layer][]int{}}
}

// layer reads the i-th layer of the model.
func (b *builder) layer(i int, obj object) (*Layer, error) {
	class, err := className(obj)
	if err != nil {
		return nil, fmt.Errorf("layer %d: %w", i, err)
	}
	if full, ok := classAliases[class]; ok {
		class = full
	}
	config, _ := obj["config"].(object)
	name, _ := config["name"].(string)
	fail := func(err error) (*Layer, error) {
		if name == "" {
			return nil, fmt.Errorf("layer %d (%s): %w", i, class, err)
		}
		return nil, &LayerError{Layer: name, Class: class, Err: err}
	}
	parse, ok := layerClasses[class]
	if !ok && class != "InputLayer" {
		return fail(unknownLayer(class))
	}
	if name == "" {
		return fail(errors.New("config has no name"))
	}
	if b.layers[name] != nil {
		return fail(errors.New("another layer has the same name"))
	}
	if outer, ok := obj["name"].(string); ok && outer != name {
		return fail(fmt.Errorf("is called %q outside its config", outer))
	}

	a := newArgs(config)
	a.skip("name")
	a.float32Only()
	l := &Layer{Name: name, Class: class, Trainable: a.bool("trainable", true) && !b.frozen}
	if class == "InputLayer" {
		l.Config = parseInput(a)
	} else {
		if class == "Embedding" && unknownLength(config["batch_input_shape"]) {
			a.skip("batch_input_shape")
		} else if shape := a.batchShape(); shape != nil {
			b.stated[l] = shape
		}
		l.Config = parse(a)
		l.ActivityRegularizer = a.regularizer("activity_regularizer")
		if class == "ActivityRegularization" {
			l.ActivityRegularizer = regularizers["L1L2"](a)
		}
	}
	if err := a.check(); err != nil {
		return fail(err)
	}
	b.layers[name] = l
	b.spec.Layers = append(b.spec.Layers, l)
	return l, nil
}

// unknownLength says whether a shape has an unknown dimension besides the batch. tf.keras states such a shape for every
// Embedding without input_length.
func unknownLength(shape any) bool {
	list, _ := shape.([]any)
	return len(list) > 1 && slices.Contains(list[1:], nil)
}

// tensor adds a tensor and returns its index.
func (b *builder) tensor(name string, shape []int) int {
	b.spec.Tensors = append(b.spec.Tensors, Tensor{Name: name, Shape: shape})
	return len(b.spec.Tensors) - 1
}

// input adds a tensor that is an input of the model.
func (b *builder) input(name string, shape []int) int {
	t := b.tensor(name, shape)
	b.spec.Inputs = append(b.spec.Inputs, t)
	return t
}

// apply calls a layer on tensors and returns the result.
func (b *builder) apply(l *Layer, in []int) (int, error) {
	out, err := b.call(l, in)
	if err != nil {
		return 0, &LayerError{Layer: l.Name, Class: l.Class, Err: err}
	}
	return out, nil
}

func (b *builder) call(l *Layer, in []int) (int, error) {
	k, ok := l.Config.(kind)
	if !ok {
		return 0, errors.New("cannot be applied to a tensor")
	}
	shapes := make([][]int, len(in))
	for i, t := range in {
		shapes[i] = b.spec.Tensors[t].Shape
	}
	shape := shapes[0]
	if stated, ok := b.stated[l]; ok && !slices.Equal(stated, shape) {
		return 0, fmt.Errorf("states the input shape %s, its input has shape %s", shapeText(stated), shapeText(shape))
	}
	outShape, err := outputShape(k, shapes)
	if err != nil {
		return 0, err
	}
	if err := checkRow(outShape); err != nil {
		return 0, fmt.Errorf("output: %w", err)
	}
	if err := b.own(l, k.weights(shape)); err != nil {
		return 0, err
	}
	out := b.tensor(l.Name, outShape)
	b.spec.Calls = append(b.spec.Calls, Call{Layer: l, Inputs: in, Outputs: []int{out}})
	return out, nil
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

// own gives a layer its weights at its first call; later calls must need the same.
func (b *builder) own(l *Layer, arrays []array) error {
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
		b.total += n
		l.Weights = append(l.Weights, &Weight{
			Layer:       l.Name,
			Name:        a.name,
			Shape:       slices.Clone(a.shape),
			Trainable:   l.Trainable && !a.fixed,
			Initializer: a.init,
			Regularizer: a.regularizer,
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
