package keras

import (
	"bytes"
	"encoding/json"
	"slices"
)

// A span is where a value stands in a JSON text.
type span struct{ from, to int }

// members calls f with the key and the place of every value of an object, in their order.
func (s span) members(text []byte, f func(key string, value span)) {
	s.values(text, func(r *json.Decoder) string {
		token, _ := r.Token()
		key, _ := token.(string)
		return key
	}, f)
}

// items are the places of the values of a list.
func (s span) items(text []byte) (all []span) {
	s.values(text, func(*json.Decoder) string { return "" }, func(_ string, value span) { all = append(all, value) })
	return all
}

func (s span) values(text []byte, key func(*json.Decoder) string, f func(key string, value span)) {
	r := json.NewDecoder(bytes.NewReader(text[s.from:s.to]))
	if token, err := r.Token(); err != nil || token != json.Delim('{') && token != json.Delim('[') {
		return
	}
	for r.More() {
		name := key(r)
		var value json.RawMessage
		if r.Decode(&value) != nil {
			return
		}
		end := s.from + int(r.InputOffset())
		f(name, span{end - len(value), end})
	}
}

// member is the place of a value of an object; ok is false where the object has none of that key.
func (s span) member(text []byte, key string) (value span, ok bool) {
	s.members(text, func(k string, v span) {
		if k == key {
			value, ok = v, true
		}
	})
	return value, ok
}

// text is the text at a place, where it is one.
func (s span) text(text []byte) string {
	var value string
	_ = json.Unmarshal(text[s.from:s.to], &value)
	return value
}

// An edit puts another text in the place of a value.
type edit struct {
	span
	text string
}

// stated writes the shapes of inputs into the JSON of a model that Parse reads; all else stays as it is.
func stated(text []byte, inputs []Tensor) ([]byte, error) {
	config := span{0, len(text)}
	if inner, ok := config.member(text, "config"); ok {
		config = inner
	}
	layers, ok := config.member(text, "layers")
	if !ok { // Keras 2.1 has the layers of a Sequential for its config
		layers = config
	}
	var edits []edit
	state := func(layer span, shape string) {
		arguments, _ := layer.member(text, "config")
		arguments.members(text, func(key string, value span) {
			if key == "batch_input_shape" || key == "batch_shape" {
				edits = append(edits, edit{value, shape})
			}
		})
	}
	functional, _ := config.member(text, "input_layers")
	all := layers.items(text)
	switch {
	case functional != span{}:
		for _, layer := range all {
			class, _ := layer.member(text, "class_name")
			arguments, _ := layer.member(text, "config")
			name, _ := arguments.member(text, "name")
			for _, in := range inputs {
				if class.text(text) == "InputLayer" && name.text(text) == in.Name {
					state(layer, shapeJSON(in.Shape))
				}
			}
		}
	case layers != config: // the shape of a Sequential is that of the model where its first layer leaves it open
		shape := shapeJSON(inputs[0].Shape)
		if built, ok := config.member(text, "build_input_shape"); ok {
			edits = append(edits, edit{built, shape})
		} else {
			edits = append(edits, edit{span{config.from + 1, config.from + 1}, `"build_input_shape": ` + shape + ", "})
		}
		state(all[0], shape)
	default:
		state(all[0], shapeJSON(inputs[0].Shape))
		if len(edits) == 0 {
			arguments, _ := all[0].member(text, "config")
			edits = append(edits, edit{span{arguments.from + 1, arguments.from + 1}, `"batch_input_shape": ` + shapeJSON(inputs[0].Shape) + ", "})
		}
	}
	out := apply(text, edits)
	_, err := Parse(out) // nothing is open any more
	return out, err
}

// apply is a text with edits, none of which overlap.
func apply(text []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	from := 0
	for _, e := range edits {
		out = append(append(out, text[from:e.from]...), e.text...)
		from = e.to
	}
	return append(out, text[from:]...)
}
