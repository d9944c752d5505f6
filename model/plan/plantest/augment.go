package plantest

// augmentModels are images that are changed at random. Behind a layer with weights are only those that move pixels to whole places: the gradient that
// Keras on TensorFlow, and so this project, gives back through the others is not the derivative.
func augmentModels() []Model {
	var models []Model
	image := `Reshape {"target_shape":[4,5,2]}`
	end := []string{`Flatten {}`, `Dense {"units":3,"activation":"softmax"}`}
	for _, layer := range []string{
		`RandomTranslation {"height_factor":0.4,"width_factor":[0.1,0.7],"fill_mode":"constant","fill_value":0.5}`,
		`RandomTranslation {"height_factor":0.9,"width_factor":0.9,"fill_mode":"nearest","interpolation":"nearest"}`,
		`RandomZoom {"height_factor":[-0.5,0.9],"fill_mode":"wrap"}`,
		`RandomZoom {"height_factor":[0.1,0.9],"width_factor":[-0.6,0.3],"seed":3}`,
		`RandomRotation {"factor":0.5}`,
		`RandomRotation {"factor":[0.1,0.3],"fill_mode":"nearest"}`,
		`RandomContrast {"factor":0.5}`, `RandomBrightness {"factor":0.4,"value_range":[-1,1]}`,
	} {
		models = append(models, Model{layer, Sequential(40, append([]string{image, layer, `Dense {"units":2,"activation":"tanh"}`}, end...)...), []string{cce}})
	}
	for _, layer := range []string{
		`RandomFlip {"mode":"horizontal"}`, `RandomFlip {}`, `RandomCrop {"height":2,"width":3}`, `RandomCrop {"height":6,"width":3}`,
		`RandomBrightness {"factor":0.1,"value_range":[-0.2,0.2],"seed":9}`, `RandomContrast {"factor":0.5,"value_range":[-0.8,0.8]}`,
		`RandomFlip {"mode":"vertical","data_format":"channels_first"}`,
	} {
		models = append(models, Model{"trained " + layer, Sequential(40,
			append([]string{image, `Dense {"units":3,"activation":"tanh"}`, layer}, end...)...), []string{cce}})
	}
	return models
}
