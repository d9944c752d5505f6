package plantest

// shapeModels put layers without weights that pool, frame, repeat or reorder between two with weights.
func shapeModels() []Model {
	image := func(layers ...string) string {
		all := append([]string{`Reshape {"target_shape":[5,6,2]}`, `Conv2D {"filters":3,"kernel_size":[1,1],"activation":"tanh"}`}, layers...)
		return Sequential(60, append(all, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`)...)
	}
	line := func(layers ...string) string {
		all := append([]string{`Reshape {"target_shape":[7,2]}`, `Dense {"units":3,"activation":"tanh"}`}, layers...)
		return Sequential(14, append(all, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`)...)
	}
	return []Model{
		{"average pool", image(`AveragePooling2D {"pool_size":[2,3]}`), []string{cce}},
		{"average pool same", image(`AveragePooling2D {"pool_size":3,"strides":[1,2],"padding":"same"}`), []string{cce}},
		{"global average", image(`GlobalAveragePooling2D {}`), []string{cce}},
		{"global max", image(`GlobalMaxPooling2D {"keepdims":true}`), []string{cce}},
		{"pool lines", line(`AveragePooling1D {"pool_size":[2],"strides":1}`, `MaxPooling1D {"pool_size":2,"padding":"same"}`), []string{cce}},
		{"global average of lines", line(`GlobalAveragePooling1D {}`), []string{cce}},
		{"global max of lines", line(`GlobalMaxPooling1D {"keepdims":true}`), []string{cce}},
		{"pad", image(`ZeroPadding2D {"padding":[[1,0],[2,3]]}`, `Conv2D {"filters":2,"kernel_size":2}`), []string{cce}},
		{"crop", image(`Cropping2D {"cropping":[[1,0],[2,1]]}`), []string{cce}},
		{"pad and crop lines", line(`ZeroPadding1D {"padding":[0,2]}`, `Cropping1D {"cropping":[2,1]}`), []string{cce}},
		{"repeat pixels", image(`UpSampling2D {"size":[2,3]}`, `Conv2D {"filters":2,"kernel_size":2}`), []string{cce}},
		{"repeat lines", line(`UpSampling1D {"size":3}`, `Permute {"dims":[2,1]}`, `Dense {"units":2}`), []string{cce}},
		{"repeat vectors", Sequential(4, `Dense {"units":3,"activation":"tanh"}`, `RepeatVector {"n":3}`, `Flatten {}`,
			`Dense {"units":3,"activation":"softmax"}`), []string{cce}},
	}
}
