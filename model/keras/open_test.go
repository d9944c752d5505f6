package keras

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// what a model with an open shape is, in the forms of all generations, and the shape that closes it
var openModels = []struct {
	name, text string
	rows       []int
	want       []int
}{
	{"functional", `{"class_name": "Model", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, null, null, 3]}, "inbound_nodes": []},
		{"class_name": "GlobalAveragePooling2D", "name": "g", "config": {"name": "g"}, "inbound_nodes": [[["i", 0, 0, {}]]]}],
		"input_layers": [["i", 0, 0]], "output_layers": [["g", 0, 0]]}}`, []int{5, 4, 3}, []int{5, 4, 3}},
	{"sequential that states it", `{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Embedding", "config": {"name": "e", "batch_input_shape": [null, null], "input_dim": 9, "output_dim": 2}}]}}`, []int{7}, []int{7}},
	{"sequential without a shape", `{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "d", "units": 2}}]}}`, []int{7, 3}, []int{7, 3}},
	{"sequential that is built", `{"class_name": "Sequential", "config": {"name": "m", "build_input_shape": [null, null, 3], "layers": [
		{"class_name": "Dense", "config": {"name": "d", "units": 2}}]}}`, []int{7, 3}, []int{7, 3}},
	{"list of layers", `{"class_name": "Sequential", "config": [{"class_name": "Embedding", "config": {"name": "e", "input_dim": 9, "output_dim": 2}}]}`, []int{7}, []int{7}},
	{"Keras 3", chain("[null, null, 1]", "GlobalMaxPooling1D", ""), []int{6}, []int{6, 1}},
	{"last dimension of 1", chain("[null, null]", "Dense", `"units": 2`), []int{6, 1}, []int{6}},
}

func TestOpenShapes(t *testing.T) {
	for _, m := range openModels {
		t.Run(m.name, func(t *testing.T) {
			var open *OpenError
			if _, err := Parse([]byte(m.text)); !errors.As(err, &open) || len(open.Inputs) != 1 {
				t.Fatalf("error %v, want an *OpenError of one input", err)
			}
			if _, open, err := ParseOpen([]byte(m.text)); err != nil || open == nil {
				t.Errorf("ParseOpen says %v, %v", open, err)
			}
			text, err := Build([]byte(m.text), [][]int{m.rows})
			if err != nil {
				t.Fatal(err)
			}
			spec, err := Parse(text)
			if err != nil {
				t.Fatalf("%v:\n%s", err, text)
			}
			if got := spec.InputShapes(); len(got) != 1 || !slices.Equal(got[0], m.want) {
				t.Errorf("input shapes %v, want %v", got, m.want)
			}
			if again, err := Build(text, [][]int{m.rows}); err != nil || string(again) != string(text) {
				t.Errorf("closed again: %v", err)
			}
		})
	}
	if _, err := Build([]byte(openModels[0].text), [][]int{{5, 4, 2}}); err == nil || err.Error() != `input "i": shape (5, 4, 2), expected (None, None, 3)` {
		t.Errorf("another number of channels: %v", err)
	}
	if _, err := Build([]byte(openModels[0].text), nil); err == nil {
		t.Error("closed without a shape")
	}
	if _, err := Build([]byte(chain("[null, 4]", "Flatten", "")), [][]int{{5}}); err == nil || err.Error() != `input "in": shape (5), expected (4)` {
		t.Errorf("a model that leaves nothing open: %v", err)
	}
	if _, _, err := ParseOpen([]byte(chain("[null, null, 3]", "Conv1D", `"filters": 2, "kernel_size": 5000`))); err == nil {
		t.Error("accepted a window that fits into nothing")
	}
}

// An input that a TextVectorization takes keeps its shape in the JSON when another one beside it is closed: its rows hold the tokens of a text, not the text.
func TestOpenBesideText(t *testing.T) {
	for name, shape := range map[string]string{"one text": "[null, 1]", "the batch alone": "[null]"} {
		text := []byte(`{"class_name": "Functional", "keras_version": "2.15.0", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "t", "config": {"name": "t", "batch_input_shape": ` + shape + `, "dtype": "string"}, "inbound_nodes": []},
			{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, null, null, 3]}, "inbound_nodes": []},
			{"class_name": "TextVectorization", "name": "v", "config": {"name": "v", "vocabulary": ["a", "b"], "output_sequence_length": 20}, "inbound_nodes": [[["t", 0, 0, {}]]]},
			{"class_name": "Embedding", "name": "e", "config": {"name": "e", "input_dim": 4, "output_dim": 2}, "inbound_nodes": [[["v", 0, 0, {}]]]},
			{"class_name": "GlobalAveragePooling1D", "name": "g", "config": {"name": "g"}, "inbound_nodes": [[["e", 0, 0, {}]]]},
			{"class_name": "GlobalAveragePooling2D", "name": "h", "config": {"name": "h"}, "inbound_nodes": [[["i", 0, 0, {}]]]},
			{"class_name": "Concatenate", "name": "c", "config": {"name": "c"}, "inbound_nodes": [[["g", 0, 0, {}], ["h", 0, 0, {}]]]}],
			"input_layers": [["t", 0, 0], ["i", 0, 0]], "output_layers": [["c", 0, 0]]}}`)
		built, err := Build(text, [][]int{{20}, {5, 4, 3}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := strings.Replace(string(text), "[null, null, null, 3]", "[null, 5, 4, 3]", 1); string(built) != want {
			t.Errorf("%s: built is\n%s", name, built)
		}
		for rows, want := range map[int]string{1: `input "t": shape (1), expected (20)`, 21: `input "t": shape (21), expected (20)`} {
			if _, err := Build(text, [][]int{{rows}, {5, 4, 3}}); err == nil || err.Error() != want {
				t.Errorf("%s: error %v, want %s", name, err, want)
			}
		}
	}
}

// TestText reads models as people have them: with a byte order mark, as UTF-16, and as JSON in a JSON string.
func TestText(t *testing.T) {
	model := chain("[null, 4]", "Dense", `"units": 2`)
	quoted, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	var utf16 []byte
	for _, r := range model {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, text := range map[string]string{
		"byte order mark": "\xef\xbb\xbf" + model,
		"UTF-16":          "\xff\xfe" + string(utf16),
		"JSON string":     " " + string(quoted) + "\n",
		"config alone":    strings.TrimSuffix(model[strings.Index(model, `{"name": "m"`):], "}"),
	} {
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if spec.NumWeights != 10 {
			t.Errorf("%s: %d weights", name, spec.NumWeights)
		}
	}
}

// TestStatedShapes: a shape that a layer inside states does not count, and of several the first does, as in Keras.
func TestStatedShapes(t *testing.T) {
	for name, text := range map[string]string{
		"stale inside":      chain("[null, 4]", "Dense", `"units": 3`, "Dense", `"units": 2, "batch_input_shape": [null, 9]`),
		"stale build shape": strings.Replace(chain("[null, 4]", "Dense", `"units": 3`, "Dense", `"units": 2`), `"name": "m",`, `"name": "m", "build_input_shape": [null, 9],`, 1),
		"two inputs":        chain("[null, 4]", "InputLayer", `"batch_shape": [null, 4]`, "Dense", `"units": 3`, "Dense", `"units": 2`),
	} {
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if spec.NumWeights != 4*3+3+3*2+2 {
			t.Errorf("%s: %d weights", name, spec.NumWeights)
		}
	}
}

// TestConstantFirst: Keras 2 writes 1 - x and 2 / x with the number as first operand.
func TestConstantFirst(t *testing.T) {
	text := func(function, operand string) string {
		return `{"class_name": "Functional", "keras_version": "2.15.0", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, 4]}, "inbound_nodes": []},
		{"class_name": "TFOpLambda", "name": "f", "config": {"name": "f", "function": "` + function + `"}, "inbound_nodes": [` + operand + `]}],
		"input_layers": [["i", 0, 0]], "output_layers": [["f", 0, 0]]}}`
	}
	configs := func(text string) (all []Config) {
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range spec.Calls {
			all = append(all, c.Layer.Config)
		}
		return all
	}
	got := configs(text("math.subtract", `["_CONSTANT_VALUE", -1, 1.0, {"y": ["i", 0, 0], "name": null}]`))
	if diff := cmp.Diff([]Config{&Rescaling{-1, 1}}, got); diff != "" {
		t.Errorf("1 - x: %s", diff)
	}
	got = configs(text("math.truediv", `["_CONSTANT_VALUE", -1, 2, {"y": ["i", 0, 0], "name": null}]`))
	if diff := cmp.Diff([]Config{&Function{"reciprocal"}, &Rescaling{2, 0}}, got); diff != "" {
		t.Errorf("2 / x: %s", diff)
	}
	refused(t, text("math.erfc", `["i", 0, 0, {}]`), `layer "f" (TFOpLambda): the function math.erfc of TensorFlow is not supported (the nearest of 60 known: math.exp, `)
	refused(t, text("math.reduce_mean", `["i", 0, 0, {}]`), `reduces over all axes, the batch among them`)
	refused(t, text("math.add", `["i", 0, 0, {"y": "x"}]`), `must be a tensor or numbers`)
	refused(t, text("math.tanh", `["i", 0, 0, {"speed": 2}]`), `is called with speed=2`)
	refused(t, text("reshape", `["i", 0, 0, {"shape": [3, 4]}]`), `begins with a batch of 3 rows`)
}
