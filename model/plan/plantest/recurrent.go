package plantest

import (
	"fmt"
	"slices"
)

// recurrentModels are recurrent layers over sequences of 4 steps with 3 features, with and without masks.
func recurrentModels() []Model {
	steps := []string{`Reshape {"target_shape":[4,3]}`, `Dense {"units":3,"activation":"tanh"}`}
	masked := []string{
		`Activation {"activation":"relu"}`, `Reshape {"target_shape":[4,3]}`, `Masking {}`, `Dense {"units":3,"activation":"tanh"}`,
	}
	end := []string{`Flatten {}`, `Dense {"units":3,"activation":"softmax"}`}
	model := func(before []string, layers ...string) Model {
		list := append(append(append([]string{}, before...), layers...), end...)
		return Model{fmt.Sprint(len(before), layers), Sequential(12, list...), []string{cce}}
	}
	var models []Model
	for _, class := range []string{`LSTM`, `GRU`, `SimpleRNN`} {
		cells := []string{""}
		if class == "GRU" {
			cells = []string{`,"reset_after":true`, `,"reset_after":false`}
		}
		for _, cell := range cells {
			for _, args := range []string{
				``, `,"return_sequences":true,"go_backwards":true`, `,"recurrent_dropout":0.3,"dropout":0.2,"return_sequences":true`,
				`,"use_bias":false,"recurrent_dropout":0.5,"seed":3,"go_backwards":true`,
			} {
				layer := class + ` {"units":2` + cell + args + `}`
				models = append(models, model(steps, layer), model(masked, layer))
			}
		}
	}
	direction := `"layer":{"class_name":"LSTM","config":{"units":2,"return_sequences":true}}`
	normalised := `TimeDistributed {"layer":{"class_name":"BatchNormalization","config":{}}}`
	return append(models,
		model(masked, `Bidirectional {`+direction+`,"merge_mode":"sum"}`),
		model(masked, `LSTM {"units":2,"zero_output_for_mask":true}`),
		model(masked, `GlobalAveragePooling1D {}`, `Reshape {"target_shape":[3]}`),
		model(steps, `Bidirectional {`+direction+`}`, `LSTM {"units":2}`),
		Model{"masked and other steps", maskedAndOther, []string{cce}},
		model(steps, `TimeDistributed {"layer":{"class_name":"Dense","config":{"units":2,"activation":"tanh"}}}`),
		model(steps, normalised, `Activation {"activation":"tanh"}`),
		Model{"loss of steps that count", Sequential(12, append(slices.Clone(masked), `GRU {"units":2,"return_sequences":true}`,
			`Dense {"units":3,"activation":"softmax"}`)...), []string{cce}},
		Model{"loss of steps after layers", Sequential(12, append(steps, `Activation {"activation":"relu"}`, `Masking {}`,
			`SimpleRNN {"units":2,"return_sequences":true}`)...), []string{mse}},
	)
}

// maskedAndOther joins sequences with a mask and without one, one after the other.
var maskedAndOther = functional(`["a",0,0]`, `["out",0,0]`,
	inputLayer("a", 12),
	layerNode("Activation", "r", `"activation":"relu"`, `"a",0,0`),
	layerNode("Reshape", "s", `"target_shape":[4,3]`, `"r",0,0`),
	layerNode("Masking", "m", `"mask_value":0`, `"s",0,0`),
	layerNode("Dense", "d", `"units":3`, `"s",0,0`),
	layerNode("Concatenate", "c", `"axis":1`, `"d",0,0`, `"m",0,0`),
	layerNode("LSTM", "l", `"units":2`, `"c",0,0`),
	denseNode("out", 3, "softmax", `"l",0,0`),
)

// stateModels pass the states of recurrent layers on to others, and have those that convolve.
func stateModels() []Model {
	var models []Model
	for _, class := range []string{
		`LSTM {"units":2`, `GRU {"units":2,"reset_after":true`, `GRU {"units":2,"reset_after":false`, `SimpleRNN {"units":2`,
		`LSTM {"units":2,"recurrent_dropout":0.3,"dropout":0.2,"go_backwards":true`,
	} {
		states := `["e",0,1,{}]`
		if class[:4] == "LSTM" {
			states += `,["e",0,2,{}]`
		}
		decoder := node("d", class+`,"return_sequences":true}`, "m")
		decoder = decoder[:len(decoder)-len(`]]}`)] + `,` + states + `]]}`
		json := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 12),
			node("s", `Reshape {"target_shape":[4,3]}`, "a"), node("i", `Dense {"units":3,"activation":"tanh"}`, "s"),
			node("e", class+`,"return_state":true}`, "i"),
			node("r", `Activation {"activation":"relu"}`, "s"), node("m", `Masking {}`, "r"), decoder,
			node("f", `Flatten {}`, "d"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
		// Keras 3 gives no mask to a layer that is given states.
		models = append(models, Model{"decoder " + class, json[:len(json)-1] + `,"keras_version":"2.15.0"}`, []string{cce}})
	}
	for _, layer := range []string{
		`ConvLSTM2D {"filters":2,"kernel_size":2,"strides":[1,2],"padding":"same","return_sequences":true}`,
		`ConvLSTM2D {"filters":2,"kernel_size":[1,2],"go_backwards":true,"dropout":0.3,"recurrent_dropout":0.2}`,
		`Conv3DTranspose {"filters":2,"kernel_size":[3,2,1],"strides":[2,1,2],"padding":"same"}`,
	} {
		models = append(models, Model{layer, Sequential(24, `Reshape {"target_shape":[2,2,3,2]}`, `Dense {"units":2,"activation":"tanh"}`, layer,
			`Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	return models
}
