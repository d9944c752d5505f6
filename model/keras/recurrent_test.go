package keras

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cell is a layer inside another one.
func cell(class, args string) string {
	return fmt.Sprintf(`"layer": {"class_name": %q, "config": {"name": "inner", %s}}`, class, args)
}

func TestRefusedRecurrentLayers(t *testing.T) {
	const row, line, image, volume = "[null, 4]", "[null, 8, 3]", "[null, 8, 8, 3]", "[null, 4, 3, 8, 8]"
	tests := []struct{ shape, class, args, want string }{
		{row, "LSTM", `"units": 3`, `expects sequences (steps, features), found an input of shape (4)`},
		{image, "GRU", `"units": 3`, `expects sequences (steps, features), found an input of shape (8, 8, 3)`},
		{line, "SimpleRNN", ``, `units is missing`},
		{line, "LSTM", `"units": 2000000000`, `are too many`},
		{line, "LSTM", `"units": 3, "time_major": true`, `time_major is not supported`},
		{line, "LSTM", `"units": 3, "activation": "gelu"`, `activation "gelu" is not supported in a recurrent layer`},
		{line, "GRU", `"units": 3, "recurrent_activation": "softmax"`, `recurrent_activation "softmax" is not supported in a recurrent layer`},
		{line, "SimpleRNN", `"units": 3, "recurrent_activation": "sigmoid"`, `argument recurrent_activation is not supported`},
		{line, "LSTM", `"units": 3, "reset_after": true`, `argument reset_after is not supported`},
		{line, "LSTM", `"units": 3, "dropout": 1`, `dropout must be at least 0 and less than 1`},
		{line, "LSTM", `"units": 3, "recurrent_dropout": -1`, `recurrent_dropout must be at least 0`},
		{line, "LSTM", `"units": 3, "cell": {}`, `argument cell is not supported`},
		{line, "RNN", `"cell": {}`, `this layer class is not supported`},

		{line, "Bidirectional", ``, `layer: must be a layer, found null`},
		{line, "Bidirectional", cell("Dense", `"units": 3`), `layer: a Dense inside is not supported, only LSTM, GRU and SimpleRNN`},
		{line, "Bidirectional", cell("LSTM", `"units": 3`) + `, "merge_mode": null`, `merge_mode null`},
		{line, "Bidirectional", cell("LSTM", `"units": 3`) + `, "merge_mode": "max"`, `merge_mode "max" is not supported`},
		{line, "Bidirectional", cell("LSTM", `"units": 3`) + `, "backward_layer": {"class_name": "LSTM", "config": {"units": 3}}`, `run in the same direction`},
		{line, "Bidirectional", cell("LSTM", `"units": 3`) + `, "backward_layer": {"class_name": "LSTM", "config": {"units": 4, "go_backwards": true}}`, `they must agree`},
		{line, "Bidirectional", cell("LSTM", `"units": 3`) + `, "backward_layer": {"class_name": "GRU", "config": {"units": 3, "go_backwards": true, "return_sequences": true}}`, `return_sequences of layer and backward_layer differ`},
		{line, "Bidirectional", cell("LSTM", `"units": 3, "activity_regularizer": "l2"`), `layer: LSTM: activity_regularizer is not supported`},

		{row, "TimeDistributed", cell("Dense", `"units": 3`), `expects sequences (steps, ...), found an input of shape (4)`},
		{line, "TimeDistributed", `"layer": 5`, `layer: must be a layer, found 5`},
		{line, "TimeDistributed", cell("Sequential", `"layers": []`), `layer: a model inside a layer is not supported`},
		{line, "TimeDistributed", cell("Dense", `"units": 3, "wings": 2`), `layer: Dense: argument wings is not supported`},
		{line, "TimeDistributed", cell("Dance", `"units": 3`), `layer: Dance: this layer class is not supported`},
		{line, "TimeDistributed", cell("Conv2D", `"filters": 3, "kernel_size": 2`), `Conv2D inside: expects images`},
		{line, "TimeDistributed", cell("Masking", `"mask_value": 0`), `layer: Masking: is not supported inside another layer`},
		{volume, "TimeDistributed", cell("RandomFlip", `"data_format": "channels_first"`), `layer: RandomFlip: is not supported inside another layer`},
		{volume, "TimeDistributed", cell("Resizing", `"height": 2, "width": 2, "data_format": "channels_first"`), `layer: Resizing: is not supported inside another layer`},
		{volume, "TimeDistributed", cell("Resizing", `"height": 2, "width": 2`), `layer: Resizing: is not supported inside another layer`},
		{line, "TimeDistributed", cell("InputLayer", `"batch_shape": [null, 3]`), `this layer class is not supported`},

		{row, "Masking", ``, `expects sequences (steps, features), found an input of shape (4)`},
		{line, "Embedding", `"input_dim": 3, "output_dim": 2, "mask_zero": true`, `mask_zero expects sequences (steps), found an input of shape (8, 3)`},
	}
	for _, tt := range tests {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) { _ = refused(t, chain(tt.shape, tt.class, tt.args), tt.want) })
	}
}

func TestRefusedMasks(t *testing.T) {
	const line = "[null, 8, 3]"
	masking := []string{"Masking", ``}
	for _, tt := range []struct {
		layer, args, want string
	}{
		{"BatchNormalization", ``, `an input with a mask is not supported: Keras takes its statistics`},
		{"Softmax", ``, `an input with a mask is not supported`},
		{"TimeDistributed", cell("BatchNormalization", `"axis": -1`), `an input with a mask is not supported`},
	} {
		_ = refused(t, chain(line, append(masking, tt.layer, tt.args)...), tt.want)
	}
	if _, err := Parse([]byte(chain(line, append(masking, "BatchNormalization", `"trainable": false`)...))); err != nil {
		t.Errorf("a frozen BatchNormalization of masked sequences: %v", err)
	}
}

// TestMasksOfManyDimensions: Keras has no mask of a step for what is joined along another axis than the last of more than two.
func TestMasksOfManyDimensions(t *testing.T) {
	model := func(axis int) string {
		return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m",
		"input_layers": [["a", 0, 0]], "output_layers": [["s", 0, 0]], "layers": [
		{"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 4, 6]}, "inbound_nodes": []},
		{"class_name": "Masking", "name": "k", "config": {"name": "k"}, "inbound_nodes": [[["a", 0, 0, {}]]]},
		{"class_name": "TimeDistributed", "name": "t", "config": {"name": "t", %s}, "inbound_nodes": [[["k", 0, 0, {}]]]},
		{"class_name": "Concatenate", "name": "s", "config": {"name": "s", "axis": %d}, "inbound_nodes": [[["t", 0, 0, {}], ["t", 0, 0, {}]]]}]}}`,
			cell("Reshape", `"target_shape": [2, 3]`), axis)
	}
	for _, axis := range []int{1, 2} {
		_ = refused(t, model(axis), `layer "s" (Concatenate): an input with a mask is not supported: it has shape (4, 2, 3)`)
	}
}

// TestMaskOfOtherSteps: a mask that a sum gave to more steps than it has is refused where it is used.
func TestMaskOfOtherSteps(t *testing.T) {
	_ = refused(t, `{"class_name": "Model", "keras_version": "2.11.0", "config": {"name": "m",
		"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["l", 0, 0]], "layers": [
		{"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 1, 3]}, "inbound_nodes": []},
		{"class_name": "InputLayer", "name": "b", "config": {"name": "b", "batch_input_shape": [null, 5, 3]}, "inbound_nodes": []},
		{"class_name": "Masking", "name": "k", "config": {"name": "k"}, "inbound_nodes": [[["a", 0, 0, {}]]]},
		{"class_name": "Add", "name": "s", "config": {"name": "s"}, "inbound_nodes": [[["k", 0, 0, {}], ["b", 0, 0, {}]]]},
		{"class_name": "LSTM", "name": "l", "config": {"name": "l", "units": 2}, "inbound_nodes": [[["s", 0, 0, {}]]]}]}}`,
		`layer "l" (LSTM): the mask has shape (1), the input has 5 steps`)
}

// TestGenerations: what the JSON of a generation leaves out has the meaning of that generation.
func TestGenerations(t *testing.T) {
	layers := chain("[null, 8, 3]", "GRU", `"units": 2, "return_sequences": true`,
		"Bidirectional", cell("LSTM", `"units": 2, "return_sequences": true`))
	for version, want := range map[string]struct{ resetAfter, zeros bool }{
		"2.1.6": {false, false}, "2.2.4": {true, false}, "2.2.4-tf": {true, true}, "2.11.0": {true, true}, "3.15.1": {true, true}, "": {true, true},
	} {
		text := strings.Replace(layers, "{", fmt.Sprintf(`{"keras_version": %q, `, version), 1)
		spec, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		gru, both := spec.Layers[1].Config.(*Recurrent), spec.Layers[2].Config.(*Bidirectional)
		if gru.ResetAfter != want.resetAfter || both.Backward.ZeroOutputForMask != want.zeros {
			t.Errorf("Keras %q: reset_after %v and zero_output_for_mask %v, want %v", version, gru.ResetAfter, both.Backward.ZeroOutputForMask, want)
		}
		if !both.Backward.GoBackwards || both.Forward.GoBackwards {
			t.Errorf("Keras %q: the layers of Bidirectional run backwards: %v and %v", version, both.Forward.GoBackwards, both.Backward.GoBackwards)
		}
	}
}

// TestOldLSTM is an LSTM as Keras 2.1.6 writes it.
func TestOldLSTM(t *testing.T) {
	spec, err := Parse([]byte(`{"class_name": "Sequential", "keras_version": "2.1.6", "backend": "tensorflow", "config": [
		{"class_name": "LSTM", "config": {"name": "lstm_1", "trainable": true, "batch_input_shape": [null, 7, 5], "dtype": "float32",
		"return_sequences": false, "return_state": false, "go_backwards": false, "stateful": false, "unroll": false, "units": 4,
		"activation": "tanh", "recurrent_activation": "hard_sigmoid", "use_bias": true,
		"kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": null}},
		"recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": null}},
		"bias_initializer": {"class_name": "Zeros", "config": {}}, "unit_forget_bias": true, "kernel_regularizer": null,
		"recurrent_regularizer": null, "bias_regularizer": null, "activity_regularizer": null, "kernel_constraint": null,
		"recurrent_constraint": null, "bias_constraint": null, "dropout": 0.2, "recurrent_dropout": 0.1, "implementation": 1}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Recurrent{
		Kind: "LSTM", Units: 4, Activation: "tanh", RecurrentActivation: "hard_sigmoid", UseBias: true, Dropout: 0.2, RecurrentDropout: 0.1,
		KernelInitializer: glorotUniform, RecurrentInitializer: Initializer{Class: "Orthogonal", Gain: 1},
		BiasInitializer: Initializer{Class: "Zeros", UnitForget: 4},
	}
	if diff := cmp.Diff(want, spec.Layers[0].Config); diff != "" {
		t.Error(diff)
	}
}

// TestMasksTravel follows masks by the calls that use them: where the model has a mask at the layer "probe".
func TestMasksTravel(t *testing.T) {
	const probe = `"units": 2`
	masked := func(layers ...string) []string { return append([]string{"Masking", ``}, layers...) }
	for _, tt := range []struct {
		layers []string
		want   bool
	}{
		{nil, false},
		{masked(), true},
		{masked("Dense", `"units": 3`, "Dropout", `"rate": 0.5`, "LayerNormalization", ``), true},
		{masked("TimeDistributed", cell("Dense", `"units": 3`)), true},
		{masked("LSTM", `"units": 3, "return_sequences": true`), true},
		{masked("Bidirectional", cell("GRU", `"units": 3, "return_sequences": true`)), true},
		{masked("Conv1D", `"filters": 3, "kernel_size": 2`), false},
		{masked("LSTM", `"units": 3`, "RepeatVector", `"n": 2`), false},
		{masked("Flatten", ``, "Reshape", `"target_shape": [8, 3]`), false},
	} {
		spec, err := Parse([]byte(chain("[null, 8, 3]", append(slices.Clone(tt.layers), "SimpleRNN", probe)...)))
		if err != nil {
			t.Fatal(err)
		}
		last := spec.Calls[len(spec.Calls)-1]
		if got := last.Masks != nil; got != tt.want {
			t.Errorf("%v: masked is %v, want %v", tt.layers, got, tt.want)
		}
	}
}

// TestMasksMeet: masks that meet in an Add become one, by the rule of the generation.
func TestMasksMeet(t *testing.T) {
	for version, want := range map[string]string{"k2": "LogicalAnd", "k3": "LogicalOr"} {
		spec := parse(t, "sequences."+version+".json")
		i := slices.IndexFunc(spec.Calls, func(c Call) bool { return c.Layer.Name == "both" })
		mask := spec.Calls[i].Masks[0]
		i = slices.IndexFunc(spec.Calls, func(c Call) bool { return c.Outputs[0] == mask })
		if class := spec.Calls[i].Layer.Class; class != want {
			t.Errorf("%s: the mask is made by %s, want %s", version, class, want)
		}
	}
}

// TestStates: states are the tensors behind a layer's result, in both generations' ways to write a call; what does not fit is refused.
func TestStates(t *testing.T) {
	model := func(encoder, decoder, states string) string {
		return `{"class_name": "Functional", "config": {"name": "m", "layers": [
			{"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 5, 3]}, "inbound_nodes": []},
			{"class_name": "` + encoder + `", "name": "e", "config": {"name": "e", "units": 4, "return_state": true}, "inbound_nodes": [[["a", 0, 0, {}]]]},
			{"class_name": "` + decoder + `", "name": "d", "config": {"name": "d", "units": 4}, "inbound_nodes": [` + states + `]}],
			"input_layers": [["a", 0, 0]], "output_layers": [["d", 0, 0], ["e", 0, 1]]}}`
	}
	const keras2 = `[["a", 0, 0, {}], ["e", 0, 1, {}], ["e", 0, 2, {}]]`
	tensor := func(layer string, i int) string {
		return fmt.Sprintf(`{"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "keras_history": [%q, 0, %d]}}`, layer, i)
	}
	keras3 := `{"args": [` + tensor("a", 0) + `], "kwargs": {"initial_state": [` + tensor("e", 1) + `, ` + tensor("e", 2) + `], "training": false}}`
	for _, call := range []string{keras2, keras3} {
		spec, err := Parse([]byte(model("LSTM", "LSTM", call)))
		if err != nil {
			t.Fatal(err)
		}
		encoder, decoder := spec.Calls[0], spec.Calls[1]
		if len(encoder.Outputs) != 3 || !slices.Equal(decoder.Inputs, []int{0, encoder.Outputs[1], encoder.Outputs[2]}) || spec.Outputs[1] != encoder.Outputs[1] {
			t.Errorf("%s: calls %+v", call, spec.Calls)
		}
	}
	for _, tt := range []struct{ encoder, decoder, call, want string }{
		{"LSTM", "GRU", keras2, `layer "d" (GRU): is called with 2 states, it has 1`},
		{"GRU", "LSTM", `[["a", 0, 0, {}], ["e", 0, 1, {}]]`, `layer "d" (LSTM): is called with 1 states, it has 2`},
		{"GRU", "GRU", `[["a", 0, 0, {}], ["e", 0, 2, {}]]`, `layer "e" has no tensor [0, 2]: it is called 1 times and gives 2 tensors a time`},
		{"LSTM", "LSTM", `[["a", 0, 0, {}], ["a", 0, 0, {}], ["e", 0, 2, {}]]`, `state 0 that it begins with has shape (5, 3), must be (4)`},
		{"LSTM", "LSTM", `{"args": [` + tensor("a", 0) + `], "kwargs": {"constants": [` + tensor("e", 1) + `]}}`, `called with a tensor as constants, which is not supported`},
	} {
		_ = refused(t, model(tt.encoder, tt.decoder, tt.call), tt.want)
	}
}
