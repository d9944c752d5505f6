package plantest

import "fmt"

// rectifierModels put activations with parameters, and noise, between two layers with weights.
func rectifierModels() []Model {
	var models []Model
	for _, layer := range []string{
		`ReLU {}`, `ReLU {"max_value":0.8,"negative_slope":0.1,"threshold":0.2}`, `ReLU {"max_value":1}`, `LeakyReLU {"alpha":0.3}`,
		`LeakyReLU {"negative_slope":0.25}`, `ThresholdedReLU {"theta":0.4}`, `ELU {"alpha":0.7}`, `PReLU {}`,
		`PReLU {"shared_axes":[1,2]}`, `Softmax {}`, `Rescaling {"scale":-0.5,"offset":2}`,
		`GaussianNoise {"stddev":0.3}`, `GaussianDropout {"rate":0.2,"seed":5}`, `SpatialDropout2D {"rate":0.5}`,
	} {
		models = append(models, Model{
			layer, Sequential(60, `Reshape {"target_shape":[5,6,2]}`,
				`Conv2D {"filters":3,"kernel_size":1}`, layer, `Flatten {}`, fmt.Sprintf(`Dense {"units":%d,"activation":"softmax"}`, 3)),
			[]string{cce},
		})
	}
	// without a bias, which a softmax along axis 1 does not see
	models = append(models, Model{"softmax axis 1", Sequential(60, `Reshape {"target_shape":[5,6,2]}`,
		`Conv2D {"filters":3,"kernel_size":1,"use_bias":false}`, `Softmax {"axis":1}`, `Flatten {}`,
		`Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	return append(models, Model{"softmax layer at the end", Sequential(4, `Dense {"units":3}`, `Softmax {}`), []string{cce}},
		Model{"dropout of channels of lines", Sequential(12, `Reshape {"target_shape":[3,4]}`, `Dense {"units":5,"activation":"tanh"}`,
			`SpatialDropout1D {"rate":0.4}`, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}
