package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/pipelines"
)

type loadTopKTask struct {
	opt   pipelines.LoadTopKOptions
	share bool
}

func loadTopKCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "load-top-k", group: groupModels, jobs: true,
		short: "Add the metric top_K_accuracy to an object table",
		long: `Add the metric top_K_accuracy to an object table, like MADlib's load_top_k_accuracy_function: 1 where fewer than K predictions
of a row are higher than that of its class, else 0. The table is made where there is none. Without a table the metric is
TopKCategoricalAccuracy(k=K).`,
		args: []argument{
			{name: "OBJECT_TABLE", usage: "object table", fills: fillTable},
			{name: "K", usage: "number of classes, at least 1"},
		},
		example: `beamfit load-top-k functions 3
beamfit fit train_packed model --arch arch --id 1 --functions functions --iterations 10 \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['top_3_accuracy']"`,
	}, &loadTopKTask{})
}

func (t *loadTopKTask) define(f flags) {
	f.toggle(&t.opt.Replace, "replace", "be content where the metric is there already")
	f.shared(&t.share)
}

func (t *loadTopKTask) validate(args []string, _ func(string) bool) (err error) {
	t.opt.Table = args[0]
	if t.opt.K, err = flagvalue.Positive(args[1]); err != nil {
		return fmt.Errorf("argument K: %w, found %q", err, args[1])
	}
	return nil
}

func (t *loadTopKTask) run(ctx context.Context, a *app) error {
	if err := a.share(ctx, t.share); err != nil {
		return err
	}
	name, err := run(ctx, a, pipelines.LoadTopK, t.opt)
	if err != nil {
		return err
	}
	a.say("%s: function %s loaded", t.opt.Table, name)
	return nil
}
