package keras

import (
	"errors"
	"fmt"
)

// Parse reads the JSON text of a model and checks it whole. An error that belongs to one layer is a *LayerError.
func Parse(text []byte) (*Spec, error) {
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	model, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("a model must be a JSON object, found %s", show(v))
	}
	class, err := className(model)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	var read func(*builder, object) error
	switch class {
	case "Sequential":
		read = sequential
	case "Functional", "Model":
		read = functional
	default:
		return nil, fmt.Errorf("model class %q is not supported (known: Sequential, Functional, Model)", class)
	}
	config, ok := model["config"].(object)
	if list, isList := model["config"].([]any); isList && class == "Sequential" {
		// Keras before 2.2.3
		config, ok = object{"layers": list}, true
	}
	if !ok {
		return nil, fmt.Errorf("the config of a %s model must be an object, found %s", class, show(model["config"]))
	}
	b := newBuilder()
	b.spec.Version, _ = model["keras_version"].(string)
	if err := b.settings(config); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if err := read(b, config); err != nil {
		return nil, err
	}
	if len(b.spec.Calls) == 0 {
		return nil, errors.New("the model has no layer but its inputs")
	}
	b.layout()
	return b.spec, nil
}

// settings reads what a model's config says besides its layers.
func (b *builder) settings(config object) error {
	a := newArgs(config)
	a.skip("layers", "input_layers", "output_layers", "build_input_shape")
	a.float32Only()
	b.spec.Name = a.string("name", "")
	b.frozen = !a.bool("trainable", true)
	return a.check()
}

// className is the class_name of a serialized model or layer. Classes that somebody registered are refused even where
// their name is one of Keras'.
func className(obj object) (string, error) {
	class, ok := obj["class_name"].(string)
	if !ok {
		return "", fmt.Errorf("class_name must be a text, found %s", show(obj["class_name"]))
	}
	if registered, ok := obj["registered_name"].(string); ok && registered != class {
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
