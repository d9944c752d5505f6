package madlib

// otherPages are functions of other pages of MADlib's documentation, which are refused by their names.
var otherPages = []*Function{
	{
		Name: "madlib_keras_fit_multiple_model", page: "model selection",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required},
			{Name: "model_output_table", typ: textType, need: required},
			{Name: "model_selection_table", typ: textType, need: required},
			{Name: "num_iterations", typ: integerType, need: required},
			{Name: "use_gpus", typ: boolType, def: "FALSE"},
			{Name: "validation_table", typ: textType},
			{Name: "metrics_compute_frequency", typ: integerType},
			{Name: "warm_start", typ: boolType, def: "FALSE"},
			{Name: "name", typ: textType},
			{Name: "description", typ: textType},
			{Name: "use_caching", typ: boolType, def: "FALSE"},
		},
	},
	{
		Name: "madlib_keras_automl", page: "AutoML",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required},
			{Name: "model_output_table", typ: textType, need: required},
			{Name: "model_arch_table", typ: textType, need: required},
			{Name: "model_selection_table", typ: textType, need: required},
			{Name: "model_id_list", typ: integersType, need: required},
			{Name: "compile_params_grid", typ: textType, need: required},
			{Name: "fit_params_grid", typ: textType, need: required},
			{Name: "automl_method", typ: textType, def: "'hyperband'"},
			{Name: "automl_params", typ: textType},
			{Name: "random_state", typ: integerType},
			{Name: "object_table", typ: textType},
			{Name: "use_gpus", typ: boolType, def: "FALSE"},
			{Name: "validation_table", typ: textType},
			{Name: "metrics_compute_frequency", typ: integerType},
			{Name: "name", typ: textType},
			{Name: "description", typ: textType},
			{Name: "use_caching", typ: boolType, def: "FALSE"},
		},
	},
	{
		Name: "load_model_selection_table", page: "model selection",
		Parameters: []Parameter{
			{Name: "model_arch_table", typ: textType, need: required},
			{Name: "model_selection_table", typ: textType, need: required},
			{Name: "model_id_list", typ: integersType, need: required},
			{Name: "compile_params_list", typ: textsType, need: required},
			{Name: "fit_params_list", typ: textsType, need: required},
			{Name: "object_table", typ: textType},
		},
	},
	{
		Name: "generate_model_configs", page: "model selection",
		Parameters: []Parameter{
			{Name: "model_arch_table", typ: textType, need: required},
			{Name: "model_selection_table", typ: textType, need: required},
			{Name: "model_id_list", typ: integersType, need: required},
			{Name: "compile_params_grid", typ: textType, need: required},
			{Name: "fit_params_grid", typ: textType, need: required},
			{Name: "search_type", typ: textType, def: "'grid'"},
			{Name: "num_configs", typ: integerType},
			{Name: "random_state", typ: integerType},
			{Name: "object_table", typ: textType},
		},
	},
}
