package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

type splitTask struct{ opt pipelines.SplitOptions }

func splitCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "split", group: groupTables, recorded: true, pipelines: true,
		short: "Split a table at random into training and test rows",
		long: `Split a table at random into training and test rows, like MADlib's train_test_split.

The output is one table ROOT with a column "split" that is 1 for training rows and 0 for test rows, or with --separate
two tables, ROOT_train and ROOT_test.`,
		args: []argument{
			{name: "SOURCE", usage: "table or view to split", fills: fillTable},
			{name: "ROOT", usage: "output table; with --separate the root of ROOT_train and ROOT_test"},
		},
		example: "beamfit split iris_data iris --train 0.8 --separate --seed 0",
	}, &splitTask{})
}

func (t *splitTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.Train, flagvalue.Float), "train", "P", required, "proportion of training rows, between 0 and 1")
	f.add(flagvalue.Optional(&t.opt.Test, flagvalue.Float), "test", "P", "1 - train", "proportion of test rows, between 0 and 1; train + test may be less than 1")
	f.add(flagvalue.Of(&t.opt.Strata, flagvalue.Given), "strata", "COLS", none, "columns, separated by commas; each combination of their values is split on its own")
	f.add(flagvalue.Of(&t.opt.Columns, flagvalue.Given), "columns", "COLS", "all", "columns of the outputs, separated by commas")
	f.toggle(&t.opt.WithReplacement, "with-replacement", "draw rows with replacement, so that a row can be drawn again")
	f.toggle(&t.opt.Separate, "separate", "write two tables instead of one with a split column")
	f.replace(&t.opt.Replace, "the new table, or both,")
	f.seed(&t.opt.Seed, "split")
}

func (t *splitTask) validate(args []string, _ func(string) bool) error {
	t.opt.Source, t.opt.Root = args[0], args[1]
	return nil
}

func (t *splitTask) run(ctx context.Context, a *app) error {
	res, err := run(ctx, a, pipelines.Split, t.opt)
	if err != nil {
		return err
	}
	a.say("%s: %d training rows, %d test rows", t.opt.Root, res.Train, res.Test)
	return nil
}
