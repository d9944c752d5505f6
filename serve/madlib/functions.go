package madlib

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/pipelines"
)

// Parameters that several functions share.
var (
	testTable  = Parameter{Name: "test_table", typ: textType, need: required, use: "table or view with one row per example"}
	idColumn   = Parameter{Name: "id_col", typ: textType, need: required, use: "column of the test table that names the row; '': its number, as row_number"}
	features   = Parameter{Name: "independent_varname", typ: textType, need: required, use: "columns of features, and functions of columns, separated by commas"}
	labels     = Parameter{Name: "dependent_varname", typ: textType, need: required, use: "columns of labels, separated by commas"}
	sameLabels = Parameter{Name: "dependent_varname", typ: textType, need: required, use: "columns of labels; '': those of the training rows"}
	// sameFeatures: the training rows say how they are made.
	sameFeatures = Parameter{Name: "independent_varname", typ: textType, need: required, use: "columns of features; '': as for the training rows"}
	ownFeatures  = Parameter{Name: "independent_varname", typ: textType, need: required, use: "columns of arrays of numbers, or of inputs that the model looks text up for, separated by commas"}
	outputTable  = Parameter{Name: "output_table", typ: textType, need: required, use: "table to make"}
	predType     = Parameter{
		Name: "pred_type", typ: anyType, def: "'prob'",
		use: "'prob': all classes; 'response': the likeliest; an integer: the so many likeliest; a double precision: those above it",
	}
	useGPUs     = Parameter{Name: "use_gpus", typ: boolType, def: "FALSE", use: "TRUE: on the GPUs of the proxy's machine, where the proxy is beamfit-cuda"}
	noKey       = Parameter{Name: "mst_key", typ: integerType, use: "not supported"}
	bufferSize  = Parameter{Name: "buffer_size", typ: integerType, use: "rows per buffer; NULL: chosen by the size of a row"}
	segments    = Parameter{Name: "distribution_rules", typ: textType, def: "'all_segments'", use: "all_segments; gpu_segments; or a table with a column dbid or hostname. SET beamfit.shards says how many segments there are"}
	objectTable = Parameter{Name: "object_table", typ: textType, need: required, use: "table of functions"}
	archTable   = Parameter{Name: "keras_model_arch_table", typ: textType, need: required, use: "table of model architectures"}
)

const predictions = "a row per row, dependent variable and class, with the columns\n" +
	"id_col, class_name, class_value, prob, and rank, where 1 is the likeliest; 'response' has no rank."

var functions = []*Function{
	{
		Name: "train_test_split", help: true, run: split,
		summary: "Splits the rows of a table into rows for training and rows for testing.",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required, use: "table or view to split"},
			{Name: "output_table", typ: textType, need: required, use: "table to make, or the root of two tables' names"},
			{Name: "train_proportion", typ: floatType, need: required, use: "share of the rows for training, above 0 and below 1"},
			{Name: "test_proportion", typ: floatType, use: "share for testing; NULL: the rest"},
			{Name: "grouping_cols", typ: textType, use: "columns: each combination of values is split on its own"},
			{Name: "target_cols", typ: textType, use: "columns of the output; NULL or *: all"},
			{Name: "with_replacement", typ: boolType, def: "FALSE", use: "draw with replacement"},
			{Name: "separate_output_tables", typ: boolType, def: "FALSE", use: "make output_table_train and output_table_test"},
		},
		output: "One table with a column split, 1 for training and 0 for testing; or two tables without it.",
	},
	{
		Name: "training_preprocessor_dl", help: true, run: preprocess,
		summary: "Packs the rows of a table into buffers for training.",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required, use: "table or view with one row per example"},
			outputTable, labels, features, bufferSize,
			{Name: "normalizing_const", typ: realType, def: "1.0", use: "features are divided by it"},
			{Name: "num_classes", typ: integersType, use: "classes per dependent variable, to leave room for some"},
			segments,
		},
		output: "The packed table, and output_table_summary.",
	},
	{
		Name: "validation_preprocessor_dl", help: true, run: preprocess,
		summary: "Packs the rows of a table as a training table was packed, for validation and evaluation.",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required, use: "table or view with one row per example"},
			outputTable, sameLabels, sameFeatures,
			{Name: "training_preprocessor_table", typ: textType, need: required, use: "packed table of training_preprocessor_dl"},
			bufferSize, segments,
		},
		output: "The packed table, and output_table_summary.",
	},
	{
		Name: "load_keras_model", help: true, run: loadModel,
		summary: "Adds a Keras model to a table of model architectures.",
		Parameters: []Parameter{
			archTable,
			{Name: "model_arch", typ: jsonType, need: required, use: "the model's JSON, as Keras' to_json() writes it"},
			{Name: "model_weights", typ: byteaType, use: "float32 numbers, little-endian, in the order of get_weights()"},
			{Name: "name", typ: textType, use: "name of the model"},
			{Name: "description", typ: textType, use: "description of the model"},
		},
		output: "A row of the table, which is made where there is none. A message tells the model_id.",
	},
	{
		Name: "delete_keras_model", help: true, run: deleteModel,
		summary: "Deletes a model from a table of model architectures.",
		Parameters: []Parameter{
			archTable,
			{Name: "model_id", typ: integerType, need: required, use: "the model"},
		},
		output: "None. A table without models is dropped.",
	},
	{
		Name: "load_custom_function", help: true, run: loadFunction,
		summary: "Adds a loss or metric of your own to a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "object", typ: byteaType, need: required, use: "the text of the function in UTF-8, such as convert_to('...', 'UTF8'); no pickle"},
			{Name: "name", typ: textType, need: required, use: "name of the function, none of Keras' losses and metrics"},
			{Name: "description", typ: textType, use: "description of the function"},
		},
		output: "A row of the table, which is made where there is none. A message tells the id.",
	},
	{
		Name: "delete_custom_function", help: true, run: deleteFunction,
		summary: "Deletes a function from a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "id", typ: anyType, use: "id of the function, an integer, or its name, a text"},
			{Name: "name", typ: textType, use: "name of the function, where it is given as name => ..."},
		},
		output: "None. A table without functions is dropped.",
	},
	{
		Name: "load_top_k_accuracy_function", help: true, run: loadTopK,
		summary: "Adds the metric top_<k>_accuracy to a table of functions.",
		Parameters: []Parameter{
			objectTable,
			{Name: "k", typ: integerType, need: required, use: "number of classes, at least 1"},
		},
		output: "A row of the table, which is made where there is none. A message tells the name.",
	},
	{
		Name: "madlib_keras_fit", help: true, exact: true, run: fit,
		summary: "Trains a Keras model on a packed table.",
		Parameters: []Parameter{
			{Name: "source_table", typ: textType, need: required, use: "packed table"},
			{Name: "model", typ: textType, need: required, use: "table to make"},
			{Name: "model_arch_table", typ: textType, need: required, use: "table of model architectures"},
			{Name: "model_id", typ: integerType, need: required, use: "the architecture"},
			{Name: "compile_params", typ: textType, need: required, use: "loss, optimizer and metrics, as for Keras' compile()"},
			{Name: "fit_params", typ: textType, need: nullable, use: "batch_size, epochs and the like, as for Keras' fit()"},
			{Name: "num_iterations", typ: integerType, need: required, use: "how often the shards' weights are averaged"},
			useGPUs,
			{Name: "validation_table", typ: textType, use: "packed table to validate with"},
			{Name: "metrics_compute_frequency", typ: integerType, use: "iterations from one computation of metrics to the next; NULL: at the end only"},
			{Name: "warm_start", typ: boolType, def: "FALSE", use: "go on from the weights in the table model, and replace it"},
			{Name: "name", typ: textType, use: "name of the model"},
			{Name: "description", typ: textType, use: "description of the model"},
			{Name: "object_table", typ: textType, use: "table of functions, for losses and metrics of your own"},
		},
		output: "The table model, with the weights and the architecture, and model_summary.",
	},
	{
		Name: "madlib_keras_evaluate", help: true, exact: true, run: evaluate,
		summary: "Evaluates a model on a packed table.",
		Parameters: []Parameter{
			{Name: "model_table", typ: textType, need: required, use: "table of madlib_keras_fit"},
			{Name: "test_table", typ: textType, need: required, use: "table of validation_preprocessor_dl"},
			outputTable, useGPUs, noKey,
		},
		output: "One row with loss, metric, metrics_type and loss_type.",
	},
	{
		Name: "madlib_keras_predict", help: true, exact: true, run: predict,
		summary: "Predicts with a model that madlib_keras_fit has trained.",
		Parameters: []Parameter{
			{Name: "model_table", typ: textType, need: required, use: "table of madlib_keras_fit"},
			testTable, idColumn, sameFeatures, outputTable, predType, useGPUs, noKey,
		},
		output: predictions,
	},
	{
		Name: "madlib_keras_predict_byom", help: true, exact: true, run: predictBYOM,
		summary: "Predicts with a model that was loaded with its weights (bring your own model).",
		Parameters: []Parameter{
			{Name: "model_arch_table", typ: textType, need: required, use: "table of model architectures"},
			{Name: "model_id", typ: integerType, need: required, use: "a model with weights"},
			testTable, idColumn, ownFeatures, outputTable, predType, useGPUs,
			{Name: "class_values", typ: textsType, use: "an array per dependent variable of its class values; NULL: 0, 1, ..."},
			{Name: "normalizing_const", typ: floatType, def: "1.0", use: "features are divided by it"},
			{Name: "dependent_count", typ: integerType, def: "1", use: "dependent variables of the model"},
		},
		output: predictions,
	},
	{
		Name: "gpu_configuration", help: true, bare: true, run: gpuConfiguration,
		summary: "Lists the GPUs of the machine that the proxy runs on.",
		Parameters: []Parameter{
			outputTable,
			{Name: "source", typ: textType, def: "'tensorflow'", use: "tensorflow or nvidia: either gives what nvidia-smi -L says"},
		},
		output: "A table with the columns hostname and gpu_descr, without rows where there is no GPU.",
	},
	{Name: "version", answer: version, system: true},
	{Name: "madlib_keras_fit_multiple_model", page: "model selection"},
	{Name: "madlib_keras_automl", page: "AutoML"},
	{Name: "load_model_selection_table", page: "model selection"},
	{Name: "generate_model_configs", page: "model selection"},
}

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

func split(ctx context.Context, j Job, c *Call) error {
	_, err := pipelines.Split(ctx, j.Env, pipelines.SplitOptions{
		Source: c.text("source_table"), Root: c.text("output_table"), Train: *c.optionalFloat("train_proportion"), Test: c.optionalFloat("test_proportion"),
		Strata: c.text("grouping_cols"), Columns: c.text("target_cols"), WithReplacement: c.bool("with_replacement"),
		Separate: c.bool("separate_output_tables"), Seed: j.Seed,
	})
	return err
}

func preprocess(ctx context.Context, j Job, c *Call) error {
	opt := pipelines.PreprocessOptions{
		Source: c.text("source_table"), Output: c.text("output_table"), Dependent: c.text("dependent_varname"), Independent: c.text("independent_varname"),
		BufferSize: c.optionalInteger("buffer_size"), Normalize: c.optionalFloat("normalizing_const"), Shards: j.Settings.Shards,
		Distribution: c.text("distribution_rules"), Like: c.text("training_preprocessor_table"), Seed: j.Seed,
		Weight: j.Settings.Weight,
	}
	if opt.Like == "" {
		opt.LabelTypes = j.Settings.LabelTypes
		opt.ValidationShare, opt.ValidationOutput = j.Settings.ValidationShare, j.Settings.ValidationOutput
		opt.ArchTable, opt.ID = j.Settings.ArchTable, j.Settings.ModelID
	}
	var err error
	if opt.NumClasses, err = c.integers("num_classes"); err != nil {
		return err
	}
	_, err = pipelines.Preprocess(ctx, j.Env, opt)
	return err
}

func gpuConfiguration(ctx context.Context, j Job, c *Call) error {
	if source := strings.ToLower(c.text("source")); source != "" && source != "tensorflow" && source != "nvidia" {
		return invalid("source: %q is none; expected tensorflow or nvidia", c.text("source"))
	}
	_, err := pipelines.GPUConfiguration(ctx, j.Env, pipelines.GPUConfigurationOptions{Output: c.text("output_table")})
	return err
}

func loadModel(ctx context.Context, j Job, c *Call) error {
	id, err := pipelines.LoadModel(ctx, j.Env, pipelines.LoadModelOptions{
		ArchTable: c.text("keras_model_arch_table"), Arch: []byte(c.text("model_arch")), Weights: c.bytes("model_weights"),
		Name: c.optionalText("name"), Description: c.optionalText("description"),
	})
	if err == nil {
		j.Say(fmt.Sprintf("Keras Model: Added model id %d to %s table", id, c.text("keras_model_arch_table")))
	}
	return err
}

func deleteModel(ctx context.Context, j Job, c *Call) error {
	id := c.integer("model_id")
	err := pipelines.DeleteModel(ctx, j.Env, pipelines.DeleteModelOptions{ArchTable: c.text("keras_model_arch_table"), ID: id})
	if err == nil {
		j.Say(fmt.Sprintf("Keras Model: Deleted model id %d from %s table", id, c.text("keras_model_arch_table")))
	}
	return err
}

func loadFunction(ctx context.Context, j Job, c *Call) error {
	id, err := pipelines.LoadFunction(ctx, j.Env, pipelines.LoadFunctionOptions{
		Table: c.text("object_table"), Text: string(c.bytes("object")), Name: c.text("name"), Description: c.optionalText("description"),
	})
	if err == nil {
		j.Say(fmt.Sprintf("Custom function: Added %s with id %d to %s table", c.text("name"), id, c.text("object_table")))
	}
	return err
}

// deleteFunction takes the id, or the name in its place or as an argument of its own.
func deleteFunction(ctx context.Context, j Job, c *Call) error {
	opt := pipelines.DeleteFunctionOptions{Table: c.text("object_table"), Name: c.text("name")}
	given := c.values["id"]
	if c.given("id") == c.given("name") {
		return &Error{Code: "22004", Message: "madlib.delete_custom_function takes the id or the name of a function: one of them, and not NULL"}
	}
	switch given.OID {
	case 20, 21, 23:
		id, err := strconv.Atoi(given.Text)
		if err != nil {
			return invalid("id: %q is no integer", given.Text)
		}
		opt.ID = id
	default:
		if c.given("id") {
			opt.Name = given.Text
		}
	}
	err := pipelines.DeleteFunction(ctx, j.Env, opt)
	if err == nil {
		j.Say(fmt.Sprintf("Custom function: Deleted %s from %s table", given.Text+c.text("name"), c.text("object_table")))
	}
	return err
}

func loadTopK(ctx context.Context, j Job, c *Call) error {
	name, err := pipelines.LoadTopK(ctx, j.Env, pipelines.LoadTopKOptions{Table: c.text("object_table"), K: c.integer("k")})
	if err == nil {
		j.Say(fmt.Sprintf("Custom function: Added %s to %s table", name, c.text("object_table")))
	}
	return err
}

func fit(ctx context.Context, j Job, c *Call) error {
	opt := j.Settings.Fit
	opt.Source, opt.Model, opt.ArchTable, opt.ID = c.text("source_table"), c.text("model"), c.text("model_arch_table"), c.integer("model_id")
	opt.Compile, opt.Fit, opt.Functions = c.text("compile_params"), c.text("fit_params"), c.text("object_table")
	opt.Iterations, opt.Validation, opt.MetricsEvery = c.integer("num_iterations"), c.text("validation_table"), c.integer("metrics_compute_frequency")
	opt.WarmStart, opt.Name, opt.Description = c.bool("warm_start"), c.optionalText("name"), c.optionalText("description")
	opt.Seed, opt.Precision = j.Seed, j.Settings.Precision
	opt.FilesBelow, opt.NoFiles = j.FilesBelow, j.FilesBelow == ""
	result, err := pipelines.Fit(ctx, j.Env, opt)
	j.warn(result.Warnings)
	return err
}

func evaluate(ctx context.Context, j Job, c *Call) error {
	result, err := pipelines.Evaluate(ctx, j.Env, pipelines.EvaluateOptions{
		Model: c.text("model_table"), Test: c.text("test_table"), Output: c.text("output_table"), Precision: j.Settings.Precision,
	})
	j.warn(result.Warnings)
	return err
}

func predict(ctx context.Context, j Job, c *Call) error {
	kind, err := c.predictions()
	if err != nil {
		return err
	}
	_, err = pipelines.Predict(ctx, j.Env, pipelines.PredictOptions{
		Model: c.text("model_table"), Test: c.text("test_table"), Output: c.text("output_table"), IDColumn: c.text("id_col"),
		Independent: c.text("independent_varname"), Type: kind, Precision: j.Settings.Precision,
	})
	return err
}

func predictBYOM(ctx context.Context, j Job, c *Call) error {
	opt := pipelines.PredictBYOMOptions{
		ArchTable: c.text("model_arch_table"), ID: c.integer("model_id"), Test: c.text("test_table"), Output: c.text("output_table"),
		IDColumn: c.text("id_col"), Independent: c.text("independent_varname"), Normalize: c.optionalFloat("normalizing_const"),
		DependentCount: c.integer("dependent_count"), LabelTypes: j.Settings.LabelTypes, Precision: j.Settings.Precision,
	}
	var err error
	if opt.Type, err = c.predictions(); err != nil {
		return err
	}
	if opt.Classes, err = c.lists("class_values"); err != nil {
		return err
	}
	_, err = pipelines.PredictBYOM(ctx, j.Env, opt)
	return err
}

// predictions is pred_type in the words of pipelines: an integer is a rank, and a number with a point a probability.
func (c *Call) predictions() (string, error) {
	if !c.given("pred_type") {
		return "", nil
	}
	v := c.values["pred_type"]
	switch v.OID {
	case 21, 23:
		return v.Text, nil
	case 700, 701, 1700:
		p, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return "", invalid("pred_type: %q is no probability", v.Text)
		}
		text := strconv.FormatFloat(p, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text, nil
	}
	if v.Text != "prob" && v.Text != "response" {
		return "", invalid("pred_type must be 'prob', 'response', an integer or a double precision, found '%s'", shortened(v.Text))
	}
	return v.Text, nil
}

// warn tells of what is odd but no error.
func (j Job) warn(sentences []string) {
	for _, s := range sentences {
		j.Say("warning: " + s)
	}
}
