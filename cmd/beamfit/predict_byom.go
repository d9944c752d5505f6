package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

type predictBYOMTask struct{ opt pipelines.PredictBYOMOptions }

func predictBYOMCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "predict-byom", group: groupUse, recorded: true, pipelines: true, computes: true,
		short: "Predict with a model that was trained elsewhere (bring your own model)",
		long: `Predict the classes of rows with a model of an architecture table that was loaded with weights ("bring your own model"),
like MADlib's madlib_keras_predict_byom. The output is that of predict; class_name is dependent_var, or with several
outputs dependent_var_0, dependent_var_1, ... Of a model that takes text, --independent is a list as preprocess --arch takes
it, and the model's own layers look text up.`,
		args: []argument{
			{name: "ARCH_TABLE", usage: "architecture table", fills: fillTable},
			{name: "ID", usage: "model_id of a model with weights"},
			{name: "TEST", usage: "table or view with one row per example", fills: fillTable},
			{name: "OUTPUT", usage: "table to write"},
		},
		example: `beamfit predict-byom model_arch_library 2 iris_test iris_predict_byom --id-column id --independent attributes \
  --type response --classes Iris-setosa,Iris-versicolor,Iris-virginica`,
	}, &predictBYOMTask{})
}

func (t *predictBYOMTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.IDColumn, flagvalue.Given), "id-column", "COL", "row_number, that of the row from 1", idColumnUsage)
	f.add(flagvalue.Of(&t.opt.Independent, flagvalue.Given), "independent", "COLS", likeOrRequired, independentUsage)
	f.add(flagvalue.Of(&t.opt.Like, flagvalue.Given), "like", "TABLE", none,
		"packed training table or model: feature columns, normalizing constant and classes are those of its rows")
	f.add(flagvalue.Of(&t.opt.Type, flagvalue.Given), "type", typePlaceholder, "prob", typeUsage)
	f.add(flagvalue.Each(&t.opt.Classes, flagvalue.Values), "classes", "A,B,...", "0, 1, ...",
		`class values in the order of the model's output, once per output; "a,b" holds a comma, NULL is no value`)
	f.add(flagvalue.Optional(&t.opt.Normalize, flagvalue.Float), "normalize", "C", "1", "divide every feature by this number")
	f.add(flagvalue.Of(&t.opt.LabelTypes, flagvalue.Words), "label-type", "TYPE,...", "class", labelTypeUsage+", per output or once for all")
	f.add(flagvalue.Of(&t.opt.DependentCount, flagvalue.Positive), "dependent-count", "N", "1", "number of the model's outputs")
	f.precision(&t.opt.Precision, ofTheModel)
	f.replace(&t.opt.Replace, "the new table")
}

func (t *predictBYOMTask) validate(args []string, given func(string) bool) (err error) {
	t.opt.ArchTable, t.opt.Test, t.opt.Output = args[0], args[2], args[3]
	if t.opt.ID, err = modelID(args[1]); err != nil {
		return err
	}
	if t.opt.Like == "" {
		return requiredWithout(given, "like", "independent")
	}
	for _, flag := range []string{"classes", "normalize", "label-type", "dependent-count"} {
		if given(flag) {
			return fmt.Errorf("--%s cannot be used with --like, which decides", flag)
		}
	}
	return nil
}

func (t *predictBYOMTask) run(ctx context.Context, a *app) error {
	res, err := run(ctx, a, pipelines.PredictBYOM, t.opt)
	if err != nil {
		return err
	}
	a.say("%s: %d predictions for %d rows", t.opt.Output, res.Predictions, res.Rows)
	return nil
}
