package plantest

// convModels put convolutions other than Conv2D between two layers with weights.
func convModels() []Model {
	var models []Model
	add := func(width int, shape, layer string) {
		models = append(models, Model{layer, Sequential(width, `Reshape {"target_shape":`+shape+`}`,
			`Dense {"units":2,"activation":"tanh"}`, layer, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	for _, layer := range []string{
		`Conv1D {"filters":4,"kernel_size":[3],"activation":"tanh"}`,
		`Conv1D {"filters":4,"kernel_size":3,"padding":"causal","dilation_rate":2}`,
		`Conv1D {"filters":4,"kernel_size":3,"padding":"same","strides":2,"groups":2,"use_bias":false}`,
		`SeparableConv1D {"filters":4,"kernel_size":3,"padding":"same","activation":"tanh"}`,
	} {
		add(14, "[7,2]", layer)
	}
	for _, layer := range []string{
		`DepthwiseConv2D {"kernel_size":[3,2],"depth_multiplier":2,"activation":"tanh"}`,
		`SeparableConv2D {"filters":3,"kernel_size":2,"depth_multiplier":2,"strides":2}`,
		`Conv2DTranspose {"filters":3,"kernel_size":[3,2],"strides":[2,3],"activation":"tanh"}`,
		`Conv2DTranspose {"filters":3,"kernel_size":3,"strides":2,"padding":"same","use_bias":false}`,
	} {
		add(40, "[4,5,2]", layer)
	}
	return models
}
