package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

// labelTypeUsage is what preprocess and predict-byom say of a flag that they share.
const labelTypeUsage = "class, or numeric: numbers, or arrays of them, that are the label themselves"

// requiredWithout refuses a command line that has neither a flag nor those that it makes superfluous.
func requiredWithout(given func(string) bool, flag string, flags ...string) error {
	for _, f := range flags {
		if !given(f) {
			return fmt.Errorf("--%s is required without --%s", f, flag)
		}
	}
	return nil
}

type preprocessTask struct{ opt pipelines.PreprocessOptions }

func preprocessCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "preprocess", group: groupTables, recorded: true, pipelines: true,
		short: "Pack rows into the buffers that fit and evaluate read",
		long: `Pack rows into the buffers that fit and evaluate read, like MADlib's training_preprocessor_dl, or with --like its
validation_preprocessor_dl. The output is the packed table OUTPUT and its description OUTPUT_summary.

Training rows are shuffled, features are divided by a constant, labels become one-hot vectors, or stay the numbers that they
are (--label-type numeric, for regression). With --like the constant, the classes and their order come from a packed
training table and the rows keep their order.

Feature columns that are arrays of numbers are inputs of the model as they are. Other columns (numbers, booleans, dates,
text), and functions of columns, become one array, in the order of the list: text is encoded one-hot, and a missing value
is an error unless a function says what becomes of it. The functions are mean, median, zero, category and indicator for
missing values, log1p, standardise and minmax for numbers, onehot, index and hash(COL, N) for categories; [COL, ...] AS NAME
is one of several arrays. docs/columns.md explains them. With --like all is made as for the training table.

With --arch and --id the feature columns are the inputs of that model, in its order, and those of inputs that take text are
looked up as its StringLookup, Hashing and TextVectorization layers do. For several inputs each column outside of brackets is one of them.

With --validation-share the rows are split as they are packed, into OUTPUT and --validation-output, with no tables between:
the same two tables as split with the same --seed, preprocess, and preprocess --like make.`,
		args: []argument{
			{name: "SOURCE", usage: "table or view with one row per example", fills: fillTable},
			{name: "OUTPUT", usage: "packed table to write"},
		},
		example: `beamfit preprocess iris_train iris_train_packed --dependent class_text --independent attributes --shards 3
beamfit preprocess iris_test iris_test_packed --dependent class_text --independent attributes --like iris_train_packed
beamfit preprocess houses houses_packed --dependent price --independent features --label-type numeric
beamfit preprocess titanic titanic_packed --dependent survived --independent 'standardise(mean(age), log1p(fare)), sex, category(embarked)'
beamfit preprocess passengers passengers_packed --like titanic_packed
beamfit preprocess flats flats_packed --dependent rent --independent '[size, rooms], city' --label-type numeric --arch model_arch_library --id 4
beamfit preprocess iris iris_packed --dependent class_text --independent attributes --validation-share 0.2 --validation-output iris_val_packed`,
	}, &preprocessTask{})
}

func (t *preprocessTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.Dependent, flagvalue.Given), "dependent", "COLS", likeOrRequired,
		"label columns, separated by commas; an array of numbers is taken as one-hot already, one of text has a class for each step")
	f.add(flagvalue.Of(&t.opt.Independent, flagvalue.Given), "independent", "LIST", likeOrRequired,
		"feature columns, and functions of them, separated by commas; * is all columns but the labels and the weight, * EXCEPT (COLS) some of them")
	f.add(flagvalue.Of(&t.opt.ArchTable, flagvalue.Given), "arch", "TABLE", none,
		"architecture table with the model that the rows are for: its layers say what becomes of text; not with --like")
	f.add(flagvalue.Of(&t.opt.ID, flagvalue.Int), "id", "N", none, "model_id of that model")
	f.add(flagvalue.Of(&t.opt.Weight, flagvalue.Given), "weight", "COL", none, "column with the weight of each row in the loss and in weighted_metrics, as Keras' sample_weight")
	f.add(flagvalue.Of(&t.opt.Like, flagvalue.Given), "like", "TABLE", none,
		"packed training table: pack SOURCE in the same way, as validation or test data")
	f.add(flagvalue.Optional(&t.opt.BufferSize, flagvalue.Int), "buffer-size", "N", "by the size of a row",
		"wished number of rows per buffer; the rows are spread evenly over the buffers")
	f.add(flagvalue.Optional(&t.opt.Normalize, flagvalue.Float), "normalize", "C", "1", "divide every feature by this number; not with --like")
	f.add(flagvalue.Of(&t.opt.NumClasses, flagvalue.Ints), "num-classes", "N,...", "the number of distinct labels",
		"length of the one-hot labels, per label column; not with --like")
	f.add(flagvalue.Of(&t.opt.LabelTypes, flagvalue.Words), "label-type", "TYPE,...", "class",
		labelTypeUsage+", per label column or once for all; not with --like")
	f.add(flagvalue.Of(&t.opt.Shards, flagvalue.Positive), "shards", "N", "1", "number of shards that train side by side; more shards, other weights")
	t.opt.Distribution = "all_segments"
	f.add(flagvalue.Of(&t.opt.Distribution, flagvalue.Given), "distribution", "RULE", t.opt.Distribution,
		"shards that get buffers: all_segments; gpu_segments, those on machines with a GPU; or a table with their numbers + 2 in a column dbid, or with machines in hostname")
	f.add(flagvalue.Optional(&t.opt.ValidationShare, flagvalue.Float), "validation-share", "P", none,
		"proportion of rows, between 0 and 1, that are not trained on: drawn at random and packed into --validation-output; not with --like")
	f.add(flagvalue.Of(&t.opt.ValidationOutput, flagvalue.Given), "validation-output", "TABLE", none, "packed table to write of these rows, as --like OUTPUT would")
	f.replace(&t.opt.Replace, "the new table and its summary, or both tables and their summaries,")
	f.seed(&t.opt.Seed, "order of rows, and which of them are for validation; not with --like")
}

func (t *preprocessTask) validate(args []string, given func(string) bool) error {
	t.opt.Source, t.opt.Output = args[0], args[1]
	if given("validation-share") != given("validation-output") {
		return errors.New("--validation-share and --validation-output are given together or not at all")
	}
	if given("arch") != given("id") {
		return errors.New("--arch and --id are given together or not at all")
	}
	if t.opt.Like == "" {
		return requiredWithout(given, "like", "dependent", "independent")
	}
	for _, flag := range []string{"normalize", "num-classes", "label-type", "seed", "arch"} {
		if given(flag) {
			return fmt.Errorf("--%s cannot be used with --like: the packed training table decides", flag)
		}
	}
	if given("validation-share") {
		return errors.New("--validation-share cannot be used with --like: rows that are packed like training rows are not trained on")
	}
	return nil
}

func (t *preprocessTask) run(ctx context.Context, a *app) error {
	res, err := run(ctx, a, pipelines.Preprocess, t.opt)
	if err != nil {
		return err
	}
	const packed = "%s: %d rows in %d buffers of at most %d rows"
	a.say(packed, t.opt.Output, res.Rows, res.Buffers, res.BufferSize)
	if v := res.Validation; v.Rows > 0 {
		a.say(packed, t.opt.ValidationOutput, v.Rows, v.Buffers, v.BufferSize)
	}
	for _, f := range res.Features {
		a.say("%s: %s", t.opt.Output, describeFeatures(f))
	}
	return nil
}

// shownFeatures is how many columns describeFeatures lists.
const shownFeatures = 20

// describeFeatures says how many numbers a row of an input has, and where they come from.
func describeFeatures(f pipelines.FeatureArray) string {
	columns := make([]string, 0, shownFeatures+1)
	for i, c := range f.Columns {
		if i == shownFeatures {
			columns = append(columns, fmt.Sprintf("... (%d in all)", len(f.Columns)))
			break
		}
		text := fmt.Sprintf("%s %d", c.Term, c.Width)
		if c.Numbers > 0 {
			text += fmt.Sprintf(" (0 to %d)", c.Numbers-1)
		}
		columns = append(columns, text)
	}
	what := "numbers"
	if f.Width == 1 {
		what = "number"
	}
	return fmt.Sprintf("the model's input %s has %d %s per row: %s", f.Name, f.Width, what, strings.Join(columns, ", "))
}
