package madlib

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/pipelines"
)

func split(ctx context.Context, j Job, c *Call) error {
	_, err := pipelines.Split(ctx, j.Env, pipelines.SplitOptions{
		Source: c.text("source_table"), Root: c.text("output_table"), Train: *c.optionalFloat("train_proportion"), Test: c.optionalFloat("test_proportion"),
		Strata: c.text("grouping_cols"), Columns: c.text("target_cols"), WithReplacement: c.bool("with_replacement"),
		Separate: c.bool("separate_output_tables"), Seed: j.Seed,
	})
	return err
}

func packTraining(ctx context.Context, j Job, c *Call) error {
	opt := packing(j, c)
	opt.Normalize, opt.LabelTypes = c.optionalFloat("normalizing_const"), j.Settings.LabelTypes
	opt.ValidationShare, opt.ValidationOutput = j.Settings.ValidationShare, j.Settings.ValidationOutput
	opt.ArchTable, opt.ID = j.Settings.ArchTable, j.Settings.ModelID
	var err error
	if opt.NumClasses, err = c.integers("num_classes"); err != nil {
		return err
	}
	_, err = pipelines.Preprocess(ctx, j.Env, opt)
	return err
}

func packValidation(ctx context.Context, j Job, c *Call) error {
	opt := packing(j, c)
	opt.Like = c.text("training_preprocessor_table")
	_, err := pipelines.Preprocess(ctx, j.Env, opt)
	return err
}

// packing is what both preprocessors have.
func packing(j Job, c *Call) pipelines.PreprocessOptions {
	return pipelines.PreprocessOptions{
		Source: c.text("source_table"), Output: c.text("output_table"), Dependent: c.text("dependent_varname"), Independent: c.text("independent_varname"),
		BufferSize: c.optionalInteger("buffer_size"), Shards: j.Settings.Shards, Distribution: c.text("distribution_rules"), Seed: j.Seed, Weight: j.Settings.Weight,
	}
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
	byID := c.given("id") && !textType.fits(given.OID)
	switch {
	case byID:
		opt.ID = c.integer("id")
	case c.given("id"):
		opt.Name = given.Text
	}
	if !byID && opt.Name == "" {
		return invalid("the name of the function is empty")
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
	switch {
	case integerType.fits(v.OID):
		return v.Text, nil
	case floatType.fits(v.OID):
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
		j.Say("warning: " + reword(s))
	}
}
