package plantest

// ImageModels are networks of images with layers that give them another size, or have their channels first.
func ImageModels() []Model {
	var models []Model
	for _, layer := range []string{
		`UpSampling2D {"size":[2,3],"interpolation":"bilinear"}`, `UpSampling2D {"size":[3,1],"interpolation":"bicubic"}`,
		`Resizing {"height":3,"width":7,"interpolation":"lanczos3"}`, `Resizing {"height":3,"width":2,"interpolation":"nearest"}`,
		`Softmax {"axis":[1,3]}`, `Activation {"activation":"sparsemax"}`, `GlobalMaxPooling2D {"keepdims":true}`,
		`CenterCrop {"height":3,"width":3}`, `Conv2DTranspose {"filters":3,"kernel_size":3,"strides":2,"padding":"same","output_padding":1}`,
	} {
		models = append(models, Model{layer, Sequential(40, `Reshape {"target_shape":[4,5,2]}`,
			`Dense {"units":4,"activation":"tanh"}`, layer, `Activation {"activation":"tanh"}`, `Flatten {}`,
			`Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	const first = `,"data_format":"channels_first"}`
	branches := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 40), node("i", `Reshape {"target_shape":[2,4,5]}`, "a"),
		node("c", `Conv2D {"filters":3,"kernel_size":1`+first, "i"),
		node("d", `Conv2D {"filters":2,"kernel_size":3,"padding":"same","activation":"tanh"`+first, "c"),
		node("e", `Conv2D {"filters":2,"kernel_size":1`+first, "d"), node("s", "Add {}", "d", "e"),
		node("j", `Concatenate {"axis":1}`, "c", "s"), node("g", `GlobalAveragePooling2D {"keepdims":false`+first, "j"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "g"))
	models = append(models, Model{"channels first branches", branches, []string{cce}})
	return append(models, Model{"channels first", Sequential(60, `Reshape {"target_shape":[2,5,6]}`,
		`Conv2D {"filters":4,"kernel_size":[3,2],"use_bias":false`+first, `BatchNormalization {"axis":1}`, `Activation {"activation":"tanh"}`,
		`Dropout {"rate":0.2}`, `MaxPooling2D {"pool_size":[2,2]`+first, `Conv2D {"filters":3,"kernel_size":1`+first,
		`ELU {}`, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}
