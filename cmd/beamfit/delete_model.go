package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

type deleteModelTask struct{ opt pipelines.DeleteModelOptions }

func deleteModelCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "delete-model", group: groupModels, jobs: true,
		short: "Remove a model from an architecture table",
		long: `Remove a model from an architecture table, like MADlib's delete_keras_model. The table goes with its last model.
Trained model tables are not touched.`,
		args: []argument{
			{name: "ARCH_TABLE", usage: "architecture table", fills: fillTable},
			{name: "ID", usage: "model_id of the model"},
		},
		example: "beamfit delete-model model_arch_library 2",
	}, &deleteModelTask{})
}

func (t *deleteModelTask) define(flags) {}

func (t *deleteModelTask) validate(args []string, _ func(string) bool) (err error) {
	t.opt.ArchTable = args[0]
	t.opt.ID, err = modelID(args[1])
	return err
}

// modelID reads the argument ID.
func modelID(text string) (int, error) {
	id, err := flagvalue.Int(text)
	if err != nil {
		return 0, fmt.Errorf("argument ID: %w, found %q", err, text)
	}
	return id, nil
}

func (t *deleteModelTask) run(ctx context.Context, a *app) error {
	deleteModel := func(ctx context.Context, env pipelines.Env, opt pipelines.DeleteModelOptions) (struct{}, error) {
		return struct{}{}, pipelines.DeleteModel(ctx, env, opt)
	}
	if _, err := run(ctx, a, deleteModel, t.opt); err != nil {
		return err
	}
	a.say("%s: model %d deleted", t.opt.ArchTable, t.opt.ID)
	return nil
}
