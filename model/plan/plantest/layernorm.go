package plantest

func rowNormModels() []Model {
	var models []Model
	for _, layer := range []string{
		`LayerNormalization {}`, `LayerNormalization {"axis":[1,2,3],"epsilon":0.1,"center":false}`,
		`LayerNormalization {"axis":1,"scale":false}`, `LayerNormalization {"axis":[1,-1]}`,
		`UnitNormalization {}`, `UnitNormalization {"axis":[1,2]}`,
		`RMSNormalization {}`, `RMSNormalization {"axis":[2,3],"epsilon":0.1}`,
		`GroupNormalization {"groups":2}`, `GroupNormalization {"groups":-1,"axis":1,"epsilon":0.1}`,
		`Normalization {}`, `Normalization {"mean":[1,-2,0.5,0],"variance":[0.5,4,1,2],"invert":true}`,
		`Normalization {"axis":[1,3],"mean":1,"variance":4}`, `AlphaDropout {"rate":0.3}`,
	} {
		models = append(models, Model{layer, Sequential(24, `Reshape {"target_shape":[3,2,4]}`,
			`Dense {"units":4,"activation":"tanh"}`, layer, `Activation {"activation":"tanh"}`, `Flatten {}`,
			`Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	// whole numbers from 0 up
	return append(models, Model{"layer norm of vectors", Sequential(4, `Dense {"units":5,"activation":"tanh"}`,
		`LayerNormalization {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}}, Model{"embedding", Sequential(4, `Activation {"activation":"relu"}`, `Rescaling {"scale":2}`,
		`Embedding {"input_dim":9,"output_dim":3}`, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}
