package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/pipelines"
)

type gpusTask struct {
	opt    pipelines.GPUConfigurationOptions
	format string
}

func gpusCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:  "gpus",
		jobs:  true,
		short: "List the GPUs of this machine",
		long: `List the NVIDIA GPUs of this machine, like MADlib's gpu_configuration: the name of the machine and what nvidia-smi -L says of
each GPU, or the driver's own files where that program is not there. A machine without a driver has none.

With --output the list is a table too, with the columns hostname and gpu_descr, and without rows where there is no GPU.
preprocess --distribution takes it as the list of hosts whose shards get buffers.`,
		example: `beamfit gpus
beamfit gpus --output host_gpus`,
	}, &gpusTask{})
}

func (t *gpusTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.Output, flagvalue.Given), "output", "TABLE", none, "table to write, too")
	f.replace(&t.opt.Replace, "the new table")
	f.form(&t.format)
}

func (t *gpusTask) validate(_ []string, given func(string) bool) error {
	if t.opt.Replace && !given("output") {
		return errors.New("--replace needs --output")
	}
	return nil
}

func (t *gpusTask) run(ctx context.Context, a *app) (err error) {
	var found []pipelines.GPU
	if t.opt.Output == "" {
		found, err = pipelines.GPUs(ctx)
	} else {
		found, err = run(ctx, a, pipelines.GPUConfiguration, t.opt)
	}
	if err != nil {
		return err
	}
	b, err := pipelines.GPUTable(found)
	if err != nil {
		return err
	}
	if err := printerOf(t.format)(a.out, rows.Of(b)); err != nil {
		return err
	}
	if len(found) == 0 && t.format == formTable {
		a.say("this machine has no NVIDIA GPU")
	}
	return nil
}
