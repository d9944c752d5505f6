package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/pipelines"
)

type evaluateTask struct{ opt pipelines.EvaluateOptions }

func evaluateCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "evaluate", group: groupUse, recorded: true, pipelines: true, computes: true,
		short: "Compute a model's loss and metrics on packed rows",
		long: `Compute a model's loss and metrics on packed rows, like MADlib's madlib_keras_evaluate. The output is a table with one
row: loss, metric, metrics_type, loss_type; with several metrics metric_names and metric_values, too.`,
		args: []argument{
			{name: "MODEL", usage: "model table, written by fit", fills: fillTable},
			{name: "TEST", usage: "packed table, written by preprocess --like", fills: fillTable},
			{name: "OUTPUT", usage: "table to write"},
		},
		example: "beamfit evaluate iris_model iris_test_packed iris_validate",
	}, &evaluateTask{})
}

func (t *evaluateTask) define(f flags) {
	f.precision(&t.opt.Precision, ofTheModel)
	f.replace(&t.opt.Replace, "the new table")
}

// ofTheModel is the precision without the option.
const ofTheModel = "that of each layer of the model"

func (t *evaluateTask) validate(args []string, _ func(string) bool) error {
	t.opt.Model, t.opt.Test, t.opt.Output = args[0], args[1], args[2]
	return nil
}

func (t *evaluateTask) run(ctx context.Context, a *app) error {
	defer keepHeapSmall(a.runner)()
	res, err := run(ctx, a, pipelines.Evaluate, t.opt)
	if err != nil {
		return err
	}
	a.warn(res.Warnings)
	a.say("%s: %s", t.opt.Output, scores("", res.Loss, res.Metrics))
	return nil
}
