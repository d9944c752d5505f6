package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

type deleteFunctionTask struct {
	opt pipelines.DeleteFunctionOptions
}

func deleteFunctionCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "delete-function", group: groupModels, jobs: true,
		short: "Remove a loss or metric from an object table",
		long: `Remove a loss or metric from an object table, like MADlib's delete_custom_function. The table goes with its last function.
Models that were trained with the function keep their weights, but evaluate needs it.`,
		args:    []argument{{name: "OBJECT_TABLE", usage: "object table", fills: fillTable}},
		example: "beamfit delete-function functions --name rmse\nbeamfit delete-function functions --id 2",
	}, &deleteFunctionTask{})
}

func (t *deleteFunctionTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.ID, flagvalue.Int), "id", "N", none, "id of the function")
	f.add(flagvalue.Of(&t.opt.Name, flagvalue.Given), "name", "NAME", none, "name of the function, instead of --id")
}

func (t *deleteFunctionTask) validate(args []string, given func(string) bool) error {
	t.opt.Table = args[0]
	if given("id") == given("name") {
		return errors.New("the function must be given once: with --id or --name")
	}
	return nil
}

func (t *deleteFunctionTask) run(ctx context.Context, a *app) error {
	deleteFunction := func(ctx context.Context, env pipelines.Env, opt pipelines.DeleteFunctionOptions) (struct{}, error) {
		return struct{}{}, pipelines.DeleteFunction(ctx, env, opt)
	}
	if _, err := run(ctx, a, deleteFunction, t.opt); err != nil {
		return err
	}
	if t.opt.Name != "" {
		a.say("%s: function %s deleted", t.opt.Table, t.opt.Name)
	} else {
		a.say("%s: function with id %d deleted", t.opt.Table, t.opt.ID)
	}
	return nil
}
