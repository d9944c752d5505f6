package keras

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inside is a model with one layer, a network of a class with the config.
func inside(class, config string) string {
	return fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "outer", "layers": [
		{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 4]}},
		{"class_name": %q, "config": %s}]}}`, class, config)
}

const denseLayer = `{"class_name": "Dense", "config": {"name": "d", "units": 2}}`

// TestSequentialBeginsWithModel: the input shape is that of the model's own first layer.
func TestSequentialBeginsWithModel(t *testing.T) {
	spec, err := Parse([]byte(`{"class_name": "Sequential", "config": {"name": "outer", "layers": [
		{"class_name": "Sequential", "config": {"name": "base", "layers": [
			{"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [null, 5]}}]}},
		{"class_name": "Dense", "config": {"name": "d", "units": 2}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{5}}, spec.InputShapes()); diff != "" {
		t.Error(diff)
	}
	if spec.Name != "outer" || spec.Weights[0].Layer != "base/d" || spec.Weights[2].Layer != "d" {
		t.Errorf("model %q, weights of %s and %s", spec.Name, spec.Weights[0].Layer, spec.Weights[2].Layer)
	}
}

// TestModelOfKeras21: a Sequential inside is a list of layers, whose name stands outside.
func TestModelOfKeras21(t *testing.T) {
	spec, err := Parse([]byte(`{"class_name": "Model", "keras_version": "2.1.6", "config": {"name": "outer", "layers": [
		{"class_name": "InputLayer", "name": "a", "inbound_nodes": [], "config": {"name": "a", "batch_input_shape": [null, 4]}},
		{"class_name": "Sequential", "name": "seq", "inbound_nodes": [[["a", 0, 0, {}]], [["seq", 1, 0, {}]]], "config": [
			{"class_name": "Dense", "config": {"name": "d", "units": 4, "batch_input_shape": [null, 4]}}]}],
		"input_layers": [["a", 0, 0]], "output_layers": [["seq", 2, 0]]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(spec.Calls) != 2 || len(spec.Weights) != 2 || spec.Weights[0].Layer != "seq/d" {
		t.Errorf("%d calls, weights %+v", len(spec.Calls), spec.Weights)
	}
	if diff := cmp.Diff([]string{"seq"}, spec.OutputNames()); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedNetworks(t *testing.T) {
	functional := func(layers, out string) string {
		return `{"name": "f", "layers": [` + layers + `], "input_layers": [["i", 0, 0]], "output_layers": ` + out + `}`
	}
	const input = `{"class_name": "InputLayer", "name": "i", "inbound_nodes": [], "config": {"name": "i", "batch_shape": [null, 4]}}`
	const five = `{"class_name": "InputLayer", "name": "i", "inbound_nodes": [], "config": {"name": "i", "batch_shape": [null, 5]}}`
	tests := []struct{ name, text, want string }{
		{"no layers", inside("Sequential", `{"name": "s", "layers": []}`), `layer "s" (Sequential): the model has no layers`},
		{"no config", inside("Functional", `null`), `layer 1 (Functional): config has no name`},
		{"layer inside", inside("Sequential", `{"name": "s", "layers": [{"class_name": "Dense", "config": {"name": "d"}}]}`), `layer "s/d" (Dense): units is missing`},
		{"Lambda inside", inside("Sequential", `{"name": "s", "layers": [{"class_name": "Lambda", "config": {"name": "d"}}]}`), `layer "s/d" (Lambda): a Lambda layer carries pickled code`},
		{"custom", inside("Sequential", `{"name": "s", "layers": [{"class_name": "Dense", "registered_name": "mine>Dense", "config": {}}]}`), `layer "s" (Sequential): layer 0: Dense is a custom class`},
		{"other shape", inside("Functional", functional(five, `[["i", 0, 0]]`)), `layer "f" (Functional): states the input shape (5), its input has shape (4)`},
		{"two results", inside("Functional", functional(input, `[["i", 0, 0], ["i", 0, 0]]`)), `layer "f" (Functional): gives 2 results`},
		{"nothing but inputs", inside("Functional", functional(input, `[["i", 0, 0]]`)), `no layer but its inputs`},
		{"no such output", inside("Functional", functional(input, `[["x", 0, 0]]`)), `layer "f" (Functional): output_layers: there is no layer "x"`},
		{"unknown setting", inside("Sequential", `{"name": "s", "wings": 2, "layers": [`+denseLayer+`]}`), `layer "s" (Sequential): model: argument wings`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { _ = refused(t, tt.text, tt.want) })
	}
}

// TestCallsAreLimited: a short text can ask for 2^20 calls.
func TestCallsAreLimited(t *testing.T) {
	const input = `{"class_name": "InputLayer", "name": "i", "inbound_nodes": [], "config": {"name": "i", "batch_shape": [null, 2]}}`
	// config applies the layer m twice
	config := func(m string, first int) string {
		return fmt.Sprintf(`{"name": "m", "layers": [%s, {"name": "m", "inbound_nodes": [[["i", 0, 0]], [["m", %d, 0]]], %s}],
			"input_layers": [["i", 0, 0]], "output_layers": [["m", %d, 0]]}`, input, first, m, first+1)
	}
	model := config(`"class_name": "Dense", "config": {"name": "m", "units": 2}`, 0)
	for range 20 {
		model = config(`"class_name": "Functional", "config": `+model, 1)
	}
	refused(t, `{"class_name": "Functional", "config": `+model+`}`, fmt.Sprintf("above %d calls of layers", MaxCalls))
}

// TestOperationsAreLimited: so can one operation.
func TestOperationsAreLimited(t *testing.T) {
	split := func(width, parts int) string {
		return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "i", "inbound_nodes": [], "config": {"name": "i", "batch_shape": [null, %d]}},
			{"module": "keras.src.ops.numpy", "class_name": "Split", "name": "s", "config": {"name": "s", "indices_or_sections": %d, "axis": 1},
			 "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, %d], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}],
			"input_layers": [["i", 0, 0]], "output_layers": [["s", 0, 0]]}}`, width, parts, width)
	}
	refused(t, split(MaxRowElements, MaxRowElements), fmt.Sprintf("into %d equal parts", MaxRowElements))
	refused(t, split(1<<16, 1<<16), fmt.Sprintf("above %d calls of layers", MaxCalls))
}

// TestSharedBetweenModels: Keras 3 saves a layer that several models inside a model share once, as one layer.
func TestSharedBetweenModels(t *testing.T) {
	inner := func(name string) string {
		return `{"class_name": "Sequential", "config": {"name": "` + name + `", "layers": [
			{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 2]}},
			{"class_name": "Dense", "config": {"name": "d", "units": 2}, "shared_object_id": 140378445613328}]}}`
	}
	refused(t, `{"class_name": "Sequential", "config": {"name": "m", "layers": [`+inner("a")+`, `+inner("b")+`]}}`, `layer "b/d" (Dense): is the layer "a/d" too (shared_object_id)`)

	// An encoder and the model around it often have one Input, and layers without weights are the same wherever they are called.
	const input = `{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 2]}, "inbound_nodes": [], "shared_object_id": 7}`
	const relu = `{"class_name": "ReLU", "name": "r", "config": {"name": "r"}, "inbound_nodes": [[["%s", %d, 0, {}]]], "shared_object_id": 8}`
	text := `{"class_name": "Functional", "config": {"name": "m", "layers": [` + input + `,
		{"class_name": "Functional", "name": "e", "config": {"name": "e", "layers": [` + input + `, ` + fmt.Sprintf(relu, "i", 0) + `], "input_layers": [["i", 0, 0]], "output_layers": [["r", 0, 0]]},
		 "inbound_nodes": [[["i", 0, 0, {}]]]}, ` + fmt.Sprintf(relu, "e", 1) + `,
		{"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2}, "inbound_nodes": [[["r", 0, 0, {}]]], "shared_object_id": 9}],
		"input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]]}}`
	if _, err := Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

// TestPairsAreLimited: layers that compare each element with many values make as many numbers of a row.
func TestPairsAreLimited(t *testing.T) {
	for _, text := range []string{
		chain("[null, 268435456]", "Discretization", `"bin_boundaries": [0, 1]`),
		chain("[null, 268435456]", "IntegerLookup", `"vocabulary": [1, 2]`),
		chain("[null, 65536]", "CategoryEncoding", `"num_tokens": 65536`),
	} {
		refused(t, text, fmt.Sprintf("more than %d pairs per row", MaxRowElements))
	}
}

// TestOldUpSampling: models that may be of TensorFlow 1 say so.
func TestOldUpSampling(t *testing.T) {
	for version, want := range map[string]int{"2.1.6": 1, "2.2.4-tf": 1, "2.3.1": 0, "3.0.0": 0, "": 0} {
		text := strings.Replace(chain("[null, 4, 4, 1]", "UpSampling2D", `"size": 2, "interpolation": "bilinear"`), "{", `{"keras_version": "`+version+`", `, 1)
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(spec.Notices) != want {
			t.Errorf("Keras %q: notices %q", version, spec.Notices)
		}
	}
}
