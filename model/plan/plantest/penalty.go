package plantest

func penaltyModels() []Model {
	l2 := `{"class_name":"L2","config":{"l2":0.05}}`
	both := `{"class_name":"L1L2","config":{"l1":0.02,"l2":0.01}}`
	orthogonal := `{"class_name":"OrthogonalRegularizer","config":{"factor":0.5,"mode":"columns"}}`
	return []Model{
		{"weight penalties", Sequential(60, `Reshape {"target_shape":[5,6,2]}`,
			`Conv2D {"filters":3,"kernel_size":2,"activation":"tanh","kernel_regularizer":`+both+`}`,
			`BatchNormalization {"gamma_regularizer":`+l2+`,"beta_regularizer":"l1"}`, `Flatten {}`,
			`Dense {"units":4,"activation":"tanh","trainable":false,"kernel_regularizer":`+both+`}`,
			`Dense {"units":3,"activation":"softmax","kernel_regularizer":`+l2+`,"bias_regularizer":`+both+`}`), []string{cce}},
		{"activity penalties", Sequential(4, `Dense {"units":6,"activation":"tanh","activity_regularizer":`+both+`}`,
			`ActivityRegularization {"l1":0.03,"l2":0.1}`,
			`Dense {"units":3,"activation":"softmax","activity_regularizer":`+l2+`}`), []string{cce}},
		{"orthogonal", Sequential(4, `Dense {"units":5,"activation":"tanh","kernel_regularizer":`+orthogonal+`}`,
			`Dense {"units":3,"activation":"softmax","kernel_regularizer":"orthogonal_regularizer"}`), []string{cce}},
	}
}
