package keras

import (
	"errors"
	"fmt"
)

// Parse reads the JSON of a model (see Text) and checks it whole. An error that belongs to one layer is a *LayerError; one of a
// model that leaves dimensions of its inputs open is an *OpenError.
func Parse(data []byte) (*Spec, error) {
	return parseWith(data, func(open *OpenError) ([][]int, error) { return nil, open })
}

// parseWith reads a model. Where it leaves dimensions of its inputs open, choose says what these are, without the batch.
func parseWith(data []byte, choose func(*OpenError) ([][]int, error)) (*Spec, error) {
	text, err := Text(data)
	if err != nil {
		return nil, err
	}
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	model, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("a model must be a JSON object, found %s", show(v))
	}
	if err := otherObject(model); err != nil {
		return nil, err
	}
	spec, err := parseModel(model, choose)
	var open *OpenError
	if version, _ := model["keras_version"].(string); err != nil && !errors.As(err, &open) && isKeras1(v, version) {
		return nil, errKeras1(err)
	}
	return spec, err
}

func parseModel(model object, choose func(*OpenError) ([][]int, error)) (*Spec, error) {
	class, err := className(model)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if !networks[class] {
		return nil, fmt.Errorf("model class %q is not supported (known: Sequential, Functional, Model)", class)
	}
	b := newBuilder()
	b.spec.Version, _ = model["keras_version"].(string)
	n, err := b.read(class, "", false, model["config"])
	if err != nil {
		return nil, err
	}
	b.spec.Parts = parts(n)
	if config, ok := model["config"].(object); ok {
		b.spec.Name, _ = config["name"].(string)
	}
	if err := b.build(n, choose); err != nil {
		return nil, err
	}
	return b.spec, nil
}

// build applies the model to its inputs.
func (b *builder) build(n network, choose func(*OpenError) ([][]int, error)) error {
	inputs := n.stated()
	if c, ok := n.(*sequential); ok && inputs == nil {
		if len(c.links) == 0 {
			return errors.New("the model has no layer but its inputs")
		}
		inputs = []input{{Tensor: Tensor{Name: c.links[0].Name + "_input"}}}
	}
	inputs, err := closed(inputs, choose)
	if err != nil {
		return err
	}
	for _, in := range inputs {
		b.spec.Inputs = append(b.spec.Inputs, b.tensor(in.Name, in.Shape))
	}
	if b.spec.Outputs, err = n.apply(b.spec.Inputs); err != nil {
		return err
	}
	if len(b.spec.Calls) == 0 {
		return errors.New("the model has no layer but its inputs")
	}
	if err := b.lookups(inputs); err != nil {
		return err
	}
	for _, t := range b.spec.Outputs {
		b.spec.Masks = append(b.spec.Masks, b.maskOf(t))
	}
	b.layout()
	return nil
}

// className is the class_name of a serialized model or layer. Classes that somebody registered are refused even where
// their name is one of Keras'; Keras 2 registers those of its own applications as if they were somebody's.
func className(obj object) (string, error) {
	class, ok := obj["class_name"].(string)
	if !ok {
		return "", fmt.Errorf("class_name must be a text, found %s", show(obj["class_name"]))
	}
	if registered, ok := obj["registered_name"].(string); ok && registered != class && registered != ofApplications[class] {
		return "", fmt.Errorf("%s is a custom class, registered as %q, which is not supported", class, registered)
	}
	return class, nil
}

// layerList is the list of layers of a model's config.
func layerList(config object) ([]object, error) {
	list, ok := config["layers"].([]any)
	if !ok {
		return nil, fmt.Errorf("the layers of a model must be a list, found %s", show(config["layers"]))
	}
	if len(list) == 0 {
		return nil, errors.New("the model has no layers")
	}
	layers := make([]object, len(list))
	for i, v := range list {
		if layers[i], ok = v.(object); !ok {
			return nil, fmt.Errorf("layer %d must be an object, found %s", i, show(v))
		}
	}
	return layers, nil
}
