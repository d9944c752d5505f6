package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/pipelines"
)

type loadFunctionTask struct {
	opt        pipelines.LoadFunctionOptions
	file, text string
	share      bool
}

func loadFunctionCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "load-function", group: groupModels, jobs: true,
		short: "Add a loss or metric of your own to an object table",
		long: `Add a loss or metric of your own to an object table, like MADlib's load_custom_function, and print its id. The table is made
where there is none. fit --functions names the table, and --compile the function.

The function is text: an expression of y_true and y_pred, or the Python def that you would give Keras, with K., tf. and keras.ops.
functions. It is read and checked, never run; a Python pickle is refused. docs/functions.md has all that a text may say.`,
		args: []argument{
			{name: "OBJECT_TABLE", usage: "object table", fills: fillTable},
			{name: "FILE", usage: "file with the text of the function; with --text left out", fills: fillFile, optional: true},
		},
		example: `beamfit load-function functions focal.py --name focal --description "Focal loss, gamma 2"
beamfit load-function functions --name rmse --text "sqrt(mean(square(y_true - y_pred), axis=-1))"
beamfit fit train_packed model --arch arch --id 1 --functions functions --iterations 10 \
  --compile "loss='focal', optimizer='adam', metrics=['rmse']"`,
	}, &loadFunctionTask{})
}

func (t *loadFunctionTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.Name, flagvalue.Given), "name", "NAME", required, "name of the function, none of Keras' losses and metrics")
	f.add(flagvalue.Of(&t.text, flagvalue.Given), "text", "TEXT", none, "text of the function, instead of FILE")
	f.add(flagvalue.Optional(&t.opt.Description, flagvalue.Text), "description", "TEXT", none, "description of the function")
	f.toggle(&t.opt.Replace, "replace", "put the function in the place of the one that has its name, under the same id")
	f.shared(&t.share)
}

func (t *loadFunctionTask) validate(args []string, given func(string) bool) error {
	t.opt.Table = args[0]
	if len(args) > 1 {
		t.file = args[1]
	}
	if (t.file != "") == given("text") {
		return errors.New("the function must be given once: as FILE or with --text")
	}
	return nil
}

func (t *loadFunctionTask) run(ctx context.Context, a *app) error {
	t.opt.Text = t.text
	if t.file != "" {
		text, err := exchange.ReadFile(ctx, t.file, expr.MaxBytes, "no function's text is as large")
		if err != nil {
			return err
		}
		t.opt.Text = string(text)
	}
	if err := pipelines.CheckFunction(t.opt); err != nil {
		return err
	}
	if err := a.share(ctx, t.share); err != nil {
		return err
	}
	id, err := run(ctx, a, pipelines.LoadFunction, t.opt)
	if err != nil {
		return err
	}
	a.say("%s: function %s loaded with id %d", t.opt.Table, t.opt.Name, id)
	return nil
}
