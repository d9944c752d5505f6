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

type fitTask struct{ opt pipelines.FitOptions }

func fitCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "fit", group: groupModels, recorded: true, pipelines: true, computes: true,
		short: "Train a model on packed rows",
		long: `Train a model on packed rows, like MADlib's madlib_keras_fit. The output is the model table MODEL, with the weights and
the architecture, and MODEL_summary, with the arguments, the losses and the metrics.

In every iteration each shard trains its passes over its own rows from the same weights; then the weights are averaged.
Training starts from the weights in the architecture table where there are any, with --warm-start from those of MODEL,
else from the initializers of the layers.`,
		args: []argument{
			{name: "SOURCE", usage: "packed table, written by preprocess", fills: fillTable},
			{name: "MODEL", usage: "model table to write; with --warm-start to go on from and replace"},
		},
		example: `beamfit fit iris_train_packed iris_model --arch model_arch_library --id 1 \
  --compile "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']" \
  --fit "batch_size=5, epochs=3" --iterations 10`,
	}, &fitTask{})
}

func (t *fitTask) define(f flags) {
	f.add(flagvalue.Of(&t.opt.ArchTable, flagvalue.Given), "arch", "ARCH_TABLE", required, "architecture table, written by load-model")
	f.add(flagvalue.Of(&t.opt.ID, flagvalue.Int), "id", "N", required, "model_id of the model in the architecture table")
	f.add(flagvalue.Of(&t.opt.Compile, flagvalue.Text), "compile", "PARAMS", required, "arguments of Keras' compile: loss, optimizer, metrics, loss_weights")
	f.add(flagvalue.Of(&t.opt.Iterations, flagvalue.Int), "iterations", "N", required, "number of iterations, at least 1")
	f.add(flagvalue.Of(&t.opt.Fit, flagvalue.Text), "fit", "PARAMS", "Keras' defaults: batch_size=32, epochs=1",
		"arguments of Keras' fit: batch_size, epochs (passes per iteration), shuffle, class_weight, callbacks, ...")
	f.add(flagvalue.Of(&t.opt.Functions, flagvalue.Given), "functions", "OBJECT_TABLE", "with --warm-start that of the model, else none",
		"object table, written by load-function, with the losses and metrics of --compile that are your own")
	f.add(flagvalue.Of(&t.opt.Validation, flagvalue.Given), "validation", "TABLE", none, "packed table, written by preprocess --like, to compute validation metrics on")
	f.add(flagvalue.Of(&t.opt.MetricsEvery, flagvalue.Positive), "metrics-every", "K", "after the last iteration only; with callbacks that look at scores after every one",
		"compute metrics after every K iterations, and after the last")
	f.add(flagvalue.Of(&t.opt.IterationsPerJob, flagvalue.Positive), "iterations-per-job", "K", "by the size of the weights, at most 25",
		"most iterations of one Beam job, or stages where an iteration has several; no result depends on it")
	f.add(flagvalue.Of(&t.opt.CheckpointEvery, flagvalue.Positive), "checkpoint-every", "K", none,
		"write what is trained to MODEL_checkpoint after every K iterations; the same command goes on from there, and drops it at the end")
	t.defineRounds(f)
	f.precision(&t.opt.Precision, "that of each layer in the architecture table")
	f.toggle(&t.opt.WarmStart, "warm-start", "start from the weights of the existing MODEL and replace it")
	f.replace(&t.opt.Replace, "the new model and its summary, trained anew,")
	f.add(flagvalue.Optional(&t.opt.Name, flagvalue.Text), "name", "TEXT", none, "name, for the summary")
	f.add(flagvalue.Optional(&t.opt.Description, flagvalue.Text), "description", "TEXT", none, "description, for the summary")
	f.seed(&t.opt.Seed, "weights, on the same rows and shards")
}

func (t *fitTask) validate(args []string, given func(string) bool) error {
	if err := t.checkRounds(given); err != nil {
		return err
	}
	if t.opt.Replace && t.opt.WarmStart {
		return errors.New("--replace cannot be used with --warm-start, which goes on from the model that it replaces: --replace trains anew")
	}
	t.opt.Source, t.opt.Model = args[0], args[1]
	return nil
}

func (t *fitTask) run(ctx context.Context, a *app) error {
	defer keepHeapSmall(a.runner)()
	res, err := run(ctx, a, pipelines.Fit, t.opt)
	if err != nil {
		return err
	}
	a.warn(res.Warnings)
	if res.ResumedAfter > 0 {
		a.say("%s: went on after iteration %d", t.opt.Model, res.ResumedAfter)
	}
	if res.StoppedAfter > 0 {
		a.say("%s: stopped after iteration %d of %d: %s", t.opt.Model, res.StoppedAfter, t.opt.Iterations, res.StopReason)
	}
	if res.Iteration < lastIteration(res, t.opt) {
		a.say("%s: the weights are those of iteration %d", t.opt.Model, res.Iteration)
	}
	if res.Tail != "" {
		a.say("%s: %s", t.opt.Model, res.Tail)
	}
	a.say("%s: %s", t.opt.Model, scores("training ", res.TrainingLoss, res.TrainingMetrics))
	if res.ValidationLoss != nil {
		a.say("%s: %s", t.opt.Model, scores("validation ", *res.ValidationLoss, res.ValidationMetrics))
	}
	return nil
}

// lastIteration is the last iteration of a fit.
func lastIteration(res pipelines.FitResult, opt pipelines.FitOptions) int {
	if res.StoppedAfter > 0 {
		return res.StoppedAfter
	}
	return opt.Iterations
}

// scores lists a loss and metrics.
func scores(prefix string, loss float64, metrics []pipelines.NamedValue) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sloss %.6g", prefix, loss)
	for _, m := range metrics {
		fmt.Fprintf(&b, ", %s%s %.6g", prefix, m.Name, m.Value)
	}
	return b.String()
}
