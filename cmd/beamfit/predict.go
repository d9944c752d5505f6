package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

// What predict and predict-byom say of flags that they share.
const (
	typePlaceholder  = "prob|response|P|K"
	typeUsage        = "what to write: the probability of every class, the likeliest class, the classes above a probability such as 0.3, or the K likeliest"
	idColumnUsage    = "column of TEST that names the row in the output"
	independentUsage = "feature columns, separated by commas"
)

type predictTask struct{ opt pipelines.PredictOptions }

func predictCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "predict", group: groupUse, recorded: true, pipelines: true, computes: true,
		short: "Predict the classes of rows with a trained model",
		long: `Predict the classes of rows with a trained model, like MADlib's madlib_keras_predict. The rows are those of a table or
view that is not packed. The output has a row per input row, label and class: the id, class_name, class_value, prob and
rank, where rank 1 is the likeliest. Labels that are numeric have one row, with the predicted number, array, or sequence
of classes (loss ctc) as class_value and prob NULL; --type may be prob or response then.

With --validation-share only the rows are predicted that preprocess with the same --validation-share and --seed held out of
the training rows, as long as TEST is the table that it read and has not changed since.`,
		args: []argument{
			{name: "MODEL", usage: "model table, written by fit", fills: fillTable},
			{name: "TEST", usage: "table or view with one row per example", fills: fillTable},
			{name: "OUTPUT", usage: "table to write"},
		},
		example: `beamfit predict iris_model iris_test iris_predict --id-column id --independent attributes
beamfit predict iris_model iris_test iris_likeliest --id-column id --independent attributes --type response
beamfit predict iris_model iris iris_unseen --id-column id --validation-share 0.2`,
	}, &predictTask{})
}

func (t *predictTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.IDColumn, flagvalue.Given), "id-column", "COL", "row_number, that of the row from 1", idColumnUsage)
	f.add(flagvalue.Of(&t.opt.Independent, flagvalue.Given), "independent", "COLS", "those of the training rows", independentUsage)
	f.add(flagvalue.Of(&t.opt.Type, flagvalue.Given), "type", typePlaceholder, "prob", typeUsage)
	f.add(flagvalue.Optional(&t.opt.ValidationShare, flagvalue.Float), "validation-share", "P", none,
		"predict only the rows that preprocess --validation-share P held out of these")
	f.precision(&t.opt.Precision, ofTheModel)
	f.replace(&t.opt.Replace, "the new table")
	f.seed(&t.opt.Seed, "rows of --validation-share")
}

func (t *predictTask) validate(args []string, given func(string) bool) error {
	t.opt.Model, t.opt.Test, t.opt.Output = args[0], args[1], args[2]
	if given("seed") && !given("validation-share") {
		return errors.New("--seed chooses the rows of --validation-share, which is missing")
	}
	return nil
}

func (t *predictTask) run(ctx context.Context, a *app) error {
	res, err := run(ctx, a, pipelines.Predict, t.opt)
	if err != nil {
		return err
	}
	a.say("%s: %d predictions for %d rows", t.opt.Output, res.Predictions, res.Rows)
	return nil
}
