package keras

import "testing"

// A linear Activation behind a layer, as one that makes float32 of a mixed model's output, leaves the layer's activation what makes the output.
func TestOutputActivation(t *testing.T) {
	for layers, want := range map[string]string{
		`{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "sigmoid", "batch_input_shape": [null, 2]}}`: "sigmoid",
		`{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "sigmoid", "batch_input_shape": [null, 2]}},
		 {"class_name": "Activation", "config": {"name": "a", "activation": "linear"}}`: "sigmoid",
		`{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "linear", "batch_input_shape": [null, 2]}},
		 {"class_name": "Activation", "config": {"name": "a", "activation": "tanh"}}`: "tanh",
		`{"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2]}},
		 {"class_name": "Activation", "config": {"name": "a", "activation": "linear"}}`: "linear",
		`{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "sigmoid", "batch_input_shape": [null, 2]}},
		 {"class_name": "Flatten", "config": {"name": "f"}}`: "",
	} {
		spec, err := Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [` + layers + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := spec.OutputActivation(0); got != want {
			t.Errorf("%s: activation %q, want %q", layers, got, want)
		}
	}
}
