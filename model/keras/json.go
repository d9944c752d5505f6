package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// An object is a JSON object. Its values are nil, bool, json.Number, string, []any or object.
type object map[string]any

// decode reads one JSON value within the limits. Unlike json.Unmarshal it refuses an object that has a key twice.
func decode(text []byte) (any, error) {
	if len(text) > MaxJSONBytes {
		return nil, fmt.Errorf("the JSON has %d bytes, more than %d", len(text), MaxJSONBytes)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		offset := int64(len(text))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = syntax.Offset
		}
		return nil, locate(text, offset, err)
	}
	r := reader{json.NewDecoder(bytes.NewReader(text))}
	r.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, locate(text, r.InputOffset(), err)
	}
	return v, nil
}

// locate says in an error where reading stopped: after offset bytes.
func locate(text []byte, offset int64, err error) error {
	before := text[:offset]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("JSON line %d, column %d: %w", line, column, err)
}

// A reader reads values from text that is known to be JSON.
type reader struct{ *json.Decoder }

func (r reader) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("lists and objects nest deeper than %d", MaxDepth)
	}
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		return r.list(depth)
	case json.Delim('{'):
		return r.object(depth)
	}
	return token, nil
}

func (r reader) list(depth int) (any, error) {
	list := []any{}
	for r.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := r.Token() // the closing bracket
	return list, err
}

func (r reader) object(depth int) (any, error) {
	obj := object{}
	for r.More() {
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // in JSON it is always one
		if _, twice := obj[key]; twice {
			return nil, fmt.Errorf("key %q appears twice in one object", key)
		}
		if obj[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	if _, err := r.Token(); err != nil { // the closing brace
		return nil, err
	}
	return plain(obj), nil
}

// plain unwraps Keras' typed lists: {"class_name": "__tuple__", "items": [1, 2]} means [1, 2].
func plain(obj object) any {
	if class := obj["class_name"]; class == "__tuple__" || class == "TensorShape" {
		if items, ok := obj["items"].([]any); ok {
			return items
		}
	}
	return obj
}

// show writes a JSON value for an error, cut when long.
func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const limit = 80
	if runes := []rune(string(text)); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return string(text)
}
