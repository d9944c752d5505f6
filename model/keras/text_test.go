package keras

import (
	"math"
	"testing"
)

// TestConfigAlone: a model's config alone is of the generation that its layers' form shows.
func TestConfigAlone(t *testing.T) {
	for text, want := range map[string]string{
		`{"name": "s", "layers": [{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}]}]}`:                                                            "2.11.0",
		`{"name": "s", "layers": [{"class_name": "LSTM", "config": {"name": "l", "units": 2, "batch_input_shape": [null, 3, 2]}}]}`:                                                                                                    "2.11.0",
		`{"name": "s", "layers": [{"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}]}`:                                                                            "2.15.0",
		`{"name": "s", "layers": [{"module": "keras.layers", "class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 3]}}, {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}}]}`: "",
		`{"name": "m", "input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]], "layers": [
			{"module": "keras.layers", "class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 3]}, "inbound_nodes": []},
			{"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2}, "inbound_nodes": [ [["i", 0, 0, {}]] ]}]}`: "2.15.0",
		`{"name": "m", "input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]], "layers": [
			{"module": "keras.layers", "class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 3]}, "inbound_nodes": []},
			{"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2}, "inbound_nodes": [{"args": [
				{"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}]}`: "",
	} {
		whole, err := Text([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		spec, err := Parse(whole)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if spec.Version != want {
			t.Errorf("%s: version %q, want %q", text, spec.Version, want)
		}
	}
}

// TestMasksByGeneration: layers that know nothing of masks lost them before Keras 3.
//
// Source: tf_keras/src/engine/base_layer.py, _set_mask_metadata, and supports_masking of its layers.
func TestMasksByGeneration(t *testing.T) {
	for _, middle := range []string{`"Rescaling", "config": {"name": "m", "scale": 2}`, `"Normalization", "config": {"name": "m", "axis": -1, "mean": [0.5], "variance": [2]}`, `"Identity", "config": {"name": "m"}`} {
		for version, want := range map[string]bool{"2.15.0": false, "3.0.0": true} {
			spec, err := Parse([]byte(`{"class_name": "Sequential", "keras_version": "` + version + `", "config": {"name": "s", "layers": [
				{"class_name": "Masking", "config": {"name": "k", "batch_input_shape": [null, 3, 1], "mask_value": 0}}, {"class_name": ` + middle + `},
				{"class_name": "LSTM", "config": {"name": "l", "units": 2}}]}}`))
			if err != nil {
				t.Fatal(err)
			}
			if last := spec.Calls[len(spec.Calls)-1]; (last.Masks != nil) != want {
				t.Errorf("%s of Keras %s: the LSTM has masks %v", middle, version, last.Masks)
			}
		}
	}
}

// TestLeastNorms: what vectors are divided by at least is each function's own.
func TestLeastNorms(t *testing.T) {
	sequential := func(version, class, arguments string) string {
		return `{"class_name": "Sequential", "keras_version": "` + version + `", "config": {"name": "s", "layers": [
			{"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}, {"class_name": "` + class + `", "config": {"name": "u"` + arguments + `}}]}}`
	}
	tensorFlow := func(function, arguments string) string {
		return `{"class_name": "Functional", "keras_version": "2.15.0", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_input_shape": [null, 3]}, "inbound_nodes": []},
			{"class_name": "TFOpLambda", "name": "f", "config": {"name": "f", "function": "` + function + `"}, "inbound_nodes": [["i", 0, 0, {` + arguments + `}]]}],
			"input_layers": [["i", 0, 0]], "output_layers": [["f", 0, 0]]}}`
	}
	operation := func(class, arguments string) string {
		return `{"class_name": "Functional", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "i", "config": {"name": "i", "batch_shape": [null, 3]}, "inbound_nodes": []},
			{"module": "keras.src.ops.nn", "class_name": "` + class + `", "name": "f", "config": {"name": "f"` + arguments + `}, "inbound_nodes": [{"args": [
				{"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "dtype": "float32", "keras_history": ["i", 0, 0]}}], "kwargs": {}}]}],
			"input_layers": [["i", 0, 0]], "output_layers": [["f", 0, 0]]}}`
	}
	for text, want := range map[string]float64{
		sequential("3.0.0", "UnitNormalization", ``):                     1e-12,
		sequential("2.15.0", "UnitNormalization", ``):                    1e-6,
		tensorFlow("math.l2_normalize", `"axis": -1`):                    1e-6,
		tensorFlow("math.l2_normalize", `"axis": -1, "epsilon": 0.0001`): 1e-2,
		operation("Normalize", `, "axis": -1, "order": 2`):               1e-7,
		operation("Normalize", `, "axis": -1, "epsilon": 0.25`):          0.25,
	} {
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := spec.Calls[len(spec.Calls)-1].Layer.Config.(*UnitNormalization).LeastNorm; math.Abs(got/want-1) > 1e-12 {
			t.Errorf("%s: %g, want %g", text, got, want)
		}
	}
	for text, problem := range map[string]string{
		tensorFlow("math.l2_normalize", ``):       "is over all axes",
		operation("Softmax", `, "axis": null`):    "is over all axes",
		operation("LogSoftmax", `, "axis": null`): "is over all axes",
		operation("Normalize", `, "epsilon": 0`):  "epsilon must be greater than 0",
	} {
		refused(t, text, problem)
	}
	if _, err := Parse([]byte(tensorFlow("nn.softmax", `"axis": null`))); err != nil {
		t.Error(err)
	}
}
