package madlib

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/pipelines"
)

// Parameters that several functions share.
var (
	rowsTable  = Parameter{Name: "source_table", Command: "SOURCE", typ: textType, need: required, table: input, use: "table or view with one row per example"}
	testTable  = Parameter{Name: "test_table", Command: "TEST", typ: textType, need: required, table: input, use: "table or view with one row per example"}
	idColumn   = Parameter{Name: "id_col", Command: "--id-column", typ: textType, need: required, use: "column of the test table that names the row; '': its number, as row_number"}
	features   = Parameter{Name: "independent_varname", Command: "--independent", typ: textType, need: required, use: "columns of features, and functions of columns, separated by commas"}
	labels     = Parameter{Name: "dependent_varname", Command: "--dependent", typ: textType, need: required, use: "columns of labels, separated by commas"}
	sameLabels = Parameter{Name: "dependent_varname", Command: "--dependent", typ: textType, need: required, use: "columns of labels; '': those of the training rows"}
	// sameFeatures: the training rows say how they are made.
	sameFeatures = Parameter{Name: "independent_varname", Command: "--independent", typ: textType, need: required, use: "columns of features; '': as for the training rows"}
	ownFeatures  = Parameter{
		Name: "independent_varname", Command: "--independent", typ: textType, need: required,
		use: "columns of arrays of numbers, or of inputs that the model looks text up for, separated by commas",
	}
	outputTable = Parameter{Name: "output_table", Command: "OUTPUT", typ: textType, need: required, table: output, use: "table to make"}
	predType    = Parameter{
		Name: "pred_type", Command: "--type", typ: anyType, def: "'prob'",
		use: "'prob': all classes; 'response': the likeliest; an integer: the so many likeliest; a double precision: those above it",
	}
	useGPUs    = Parameter{Name: "use_gpus", Command: "--gpus", typ: boolType, def: "FALSE", use: "TRUE: on the GPUs of the proxy's machine, where the proxy is beamfit-cuda"}
	noKey      = Parameter{Name: "mst_key", typ: integerType, use: "not supported"}
	bufferSize = Parameter{Name: "buffer_size", Command: "--buffer-size", typ: integerType, use: "rows per buffer; NULL: chosen by the size of a row"}
	segments   = Parameter{
		Name: "distribution_rules", Command: "--distribution", typ: textType, def: "'all_segments'",
		use: "all_segments; gpu_segments; or a table with a column dbid or hostname. SET beamfit.shards says how many segments there are",
	}
	objectTable = Parameter{Name: "object_table", Command: "OBJECT_TABLE", typ: textType, need: required, table: input, use: "table of functions"}
	archTable   = Parameter{Name: "keras_model_arch_table", Command: "ARCH_TABLE", typ: textType, need: required, table: input, use: "table of model architectures"}
)

const predictions = "a row per row, dependent variable and class, with the columns\n" +
	"id_col, class_name, class_value, prob, and rank, where 1 is the likeliest; 'response' has no rank."

// thisPage are the functions of the page of MADlib's documentation that beamfit has.
var thisPage = []*Function{
	{
		Name: "train_test_split", Command: "split", help: true, run: split,
		summary: "Splits the rows of a table into rows for training and rows for testing.",
		Parameters: []Parameter{
			{Name: "source_table", Command: "SOURCE", typ: textType, need: required, table: input, use: "table or view to split"},
			{Name: "output_table", Command: "ROOT", typ: textType, need: required, table: output, use: "table to make, or the root of two tables' names"},
			{Name: "train_proportion", Command: "--train", typ: floatType, need: required, use: "share of the rows for training, above 0 and below 1"},
			{Name: "test_proportion", Command: "--test", typ: floatType, use: "share for testing; NULL: the rest"},
			{Name: "grouping_cols", Command: "--strata", typ: textType, use: "columns: each combination of values is split on its own"},
			{Name: "target_cols", Command: "--columns", typ: textType, use: "columns of the output; NULL or *: all"},
			{Name: "with_replacement", Command: "--with-replacement", typ: boolType, def: "FALSE", use: "draw with replacement"},
			{Name: "separate_output_tables", Command: "--separate", typ: boolType, def: "FALSE", use: "make output_table_train and output_table_test"},
		},
		output: "One table with a column split, 1 for training and 0 for testing; or two tables without it.",
	},
	{
		Name: "training_preprocessor_dl", Command: "preprocess", help: true, run: packTraining,
		summary: "Packs the rows of a table into buffers for training.",
		Parameters: []Parameter{
			rowsTable, outputTable, labels, features, bufferSize,
			{Name: "normalizing_const", Command: "--normalize", typ: realType, def: "1.0", use: "features are divided by it"},
			{Name: "num_classes", Command: "--num-classes", typ: integersType, use: "classes per dependent variable, to leave room for some"},
			segments,
		},
		output: "The packed table, and output_table_summary.",
	},
	{
		Name: "validation_preprocessor_dl", Command: "preprocess", help: true, run: packValidation,
		summary: "Packs the rows of a table as a training table was packed, for validation and evaluation.",
		Parameters: []Parameter{
			rowsTable, outputTable, sameLabels, sameFeatures,
			{Name: "training_preprocessor_table", Command: "--like", typ: textType, need: required, table: input, use: "packed table of training_preprocessor_dl"},
			bufferSize, segments,
		},
		output: "The packed table, and output_table_summary.",
	},
	{
		Name: "load_keras_model", Command: "load-model", help: true, run: loadModel,
		summary: "Adds a Keras model to a table of model architectures.",
		Parameters: []Parameter{
			archTable,
			{Name: "model_arch", Command: "FILE", typ: jsonType, need: required, use: "the model's JSON, as Keras' to_json() writes it"},
			{Name: "model_weights", Command: "--weights", typ: byteaType, use: "float32 numbers, little-endian, in the order of get_weights()"},
			{Name: "name", Command: "--name", typ: textType, use: "name of the model"},
			{Name: "description", Command: "--description", typ: textType, use: "description of the model"},
		},
		output: "A row of the table, which is made where there is none. A message tells the model_id.",
	},
	{
		Name: "delete_keras_model", Command: "delete-model", help: true, run: deleteModel,
		summary: "Deletes a model from a table of model architectures.",
		Parameters: []Parameter{
			archTable,
			{Name: "model_id", Command: "ID", typ: integerType, need: required, use: "the model"},
		},
		output: "None. A table without models is dropped.",
	},
	{
		Name: "load_custom_function", Command: "load-function", help: true, run: loadFunction,
		summary: "Adds a loss or metric of your own to a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "object", Command: "FILE", typ: byteaType, need: required, use: "the text of the function in UTF-8, such as convert_to('...', 'UTF8'); no pickle"},
			{Name: "name", Command: "--name", typ: textType, need: required, use: "name of the function, none of Keras' losses and metrics"},
			{Name: "description", Command: "--description", typ: textType, use: "description of the function"},
		},
		output: "A row of the table, which is made where there is none. A message tells the id.",
	},
	{
		Name: "delete_custom_function", Command: "delete-function", help: true, run: deleteFunction,
		summary: "Deletes a function from a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "id", Command: "--id", typ: idType, use: "id of the function, an integer, or its name, a text"},
			{Name: "name", Command: "--name", typ: textType, instead: "id", use: "name of the function, where it is given as name => ..."},
		},
		output: "None. A table without functions is dropped.",
	},
	{
		Name: "load_top_k_accuracy_function", Command: "load-top-k", help: true, run: loadTopK,
		summary: "Adds the metric top_<k>_accuracy to a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "k", Command: "K", typ: integerType, need: required, use: "number of classes, at least 1"},
		},
		output: "A row of the table, which is made where there is none. A message tells the name.",
	},
	{
		Name: "madlib_keras_fit", Command: "fit", help: true, exact: true, run: fit,
		summary: "Trains a Keras model on a packed table.",
		Parameters: []Parameter{
			{Name: "source_table", Command: "SOURCE", typ: textType, need: required, table: input, use: "packed table"},
			{Name: "model", Command: "MODEL", typ: textType, need: required, table: output, use: "table to make"},
			{Name: "model_arch_table", Command: "--arch", typ: textType, need: required, table: input, use: "table of model architectures"},
			{Name: "model_id", Command: "--id", typ: integerType, need: required, use: "the architecture"},
			{Name: "compile_params", Command: "--compile", typ: textType, need: required, use: "loss, optimizer and metrics, as for Keras' compile()"},
			{Name: "fit_params", Command: "--fit", typ: textType, need: nullable, use: "batch_size, epochs and the like, as for Keras' fit()"},
			{Name: "num_iterations", Command: "--iterations", typ: integerType, need: required, use: "how often the shards' weights are averaged"},
			useGPUs,
			{Name: "validation_table", Command: "--validation", typ: textType, use: "packed table to validate with"},
			{
				Name: "metrics_compute_frequency", Command: "--metrics-every", typ: integerType, positive: true,
				use: "iterations from one computation of metrics to the next; NULL: at the end only, with callbacks that look at scores after every one",
			},
			{Name: "warm_start", Command: "--warm-start", typ: boolType, def: "FALSE", use: "go on from the weights in the table model, and replace it"},
			{Name: "name", Command: "--name", typ: textType, use: "name of the model"},
			{Name: "description", Command: "--description", typ: textType, use: "description of the model"},
			{Name: "object_table", Command: "--functions", typ: textType, use: "table of functions, for losses and metrics of your own"},
		},
		output: "The table model, with the weights and the architecture, and model_summary.",
	},
	{
		Name: "madlib_keras_evaluate", Command: "evaluate", help: true, exact: true, run: evaluate,
		summary: "Evaluates a model on a packed table.",
		Parameters: []Parameter{
			{Name: "model_table", Command: "MODEL", typ: textType, need: required, table: input, use: "table of madlib_keras_fit"},
			{Name: "test_table", Command: "TEST", typ: textType, need: required, table: input, use: "table of validation_preprocessor_dl"},
			outputTable, useGPUs, noKey,
		},
		output: "One row with loss, metric, metrics_type and loss_type; with several metrics metric_names and metric_values, too.",
	},
	{
		Name: "madlib_keras_predict", Command: "predict", help: true, exact: true, run: predict,
		summary: "Predicts with a model that madlib_keras_fit has trained.",
		Parameters: []Parameter{
			{Name: "model_table", Command: "MODEL", typ: textType, need: required, table: input, use: "table of madlib_keras_fit"},
			testTable, idColumn, sameFeatures, outputTable, predType, useGPUs, noKey,
		},
		output: predictions,
	},
	{
		Name: "madlib_keras_predict_byom", Command: "predict-byom", help: true, exact: true, run: predictBYOM,
		summary: "Predicts with a model that was loaded with its weights (bring your own model).",
		Parameters: []Parameter{
			{Name: "model_arch_table", Command: "ARCH_TABLE", typ: textType, need: required, table: input, use: "table of model architectures"},
			{Name: "model_id", Command: "ID", typ: integerType, need: required, use: "a model with weights"},
			testTable, idColumn, ownFeatures, outputTable, predType, useGPUs,
			{Name: "class_values", Command: "--classes", typ: textsType, use: "an array per dependent variable of its class values; NULL: 0, 1, ..."},
			{Name: "normalizing_const", Command: "--normalize", typ: floatType, def: "1.0", use: "features are divided by it"},
			{Name: "dependent_count", Command: "--dependent-count", typ: integerType, positive: true, def: "1", use: "dependent variables of the model"},
		},
		output: predictions,
	},
	{
		Name: "gpu_configuration", Command: "gpus", help: true, bare: true, run: gpuConfiguration,
		summary: "Lists the GPUs of the machine that the proxy runs on.",
		Parameters: []Parameter{
			{Name: "output_table", Command: "--output", typ: textType, need: required, table: output, use: "table to make"},
			{Name: "source", typ: textType, def: "'tensorflow'", use: "tensorflow or nvidia: either gives what nvidia-smi -L says"},
		},
		output: "A table with the columns hostname and gpu_descr, without rows where there is no GPU.",
	},
	{Name: "version", Command: "version", answer: version, system: true},
}

var functions = slices.Concat(thisPage, otherPages)

var byName = map[string]*Function{}

func init() {
	for _, f := range functions {
		byName[f.Name] = f
	}
}

// version has the words that scripts look for, and beamfit's own.
func version() string {
	return fmt.Sprintf("MADlib version: 2.1.0 (beamfit %s), git revision: unknown, cmake configuration time: unknown, build type: release, "+
		"build system: unknown, C compiler: none, C++ compiler: none", pipelines.Version)
}
