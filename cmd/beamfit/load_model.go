package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/fileio/exchange"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines"
)

type loadModelTask struct {
	opt               pipelines.LoadModelOptions
	file, weightsFile string
	share             bool
}

func loadModelCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "load-model", group: groupModels,
		short: "Add a Keras model to an architecture table",
		long: `Add a Keras model to an architecture table, like MADlib's load_keras_model, and print its id. The table is made where
there is none. The JSON, what Keras' model.to_json() writes, is checked whole: layers, their settings and shapes.

With weights, fit starts from them (transfer learning) and predict-byom can use the model as it is.`,
		args: []argument{
			{name: "ARCH_TABLE", usage: "architecture table", fills: fillTable},
			{name: "MODEL.json", usage: "file with the model's JSON", fills: fillFile},
		},
		example: `beamfit load-model model_arch_library iris_mlp.json --name Sophie --description "A simple model"
beamfit load-model model_arch_library iris_transfer.json --weights-from iris_model --name Maria`,
	}, &loadModelTask{})
}

func (t *loadModelTask) define(f flags) {
	f.add(flagvalue.Each(&t.opt.InputShapes, flagvalue.Ints), "input-shape", "N,...", none, "shape of a row, for a model that leaves dimensions of its input open: 28,28,1; again for every further input")
	f.add(flagvalue.Of(&t.weightsFile, flagvalue.Text), "weights", "FILE", none, "file with the weights: float32 numbers, little-endian, in the order of Keras' get_weights")
	f.add(flagvalue.Of(&t.opt.WeightsFrom, flagvalue.Text), "weights-from", "MODEL_TABLE", none, "model table, written by fit, to take the weights from")
	f.add(flagvalue.Optional(&t.opt.Name, flagvalue.Text), "name", "TEXT", none, "name of the model")
	f.add(flagvalue.Optional(&t.opt.Description, flagvalue.Text), "description", "TEXT", none, "description of the model")
	f.shared(&t.share)
}

func (t *loadModelTask) validate(args []string, given func(string) bool) error {
	t.opt.ArchTable, t.file = args[0], args[1]
	if given("weights") && given("weights-from") {
		return errors.New("--weights and --weights-from cannot be used together")
	}
	return nil
}

func (t *loadModelTask) run(ctx context.Context, a *app) (err error) {
	if err := otherModel(t.file); err != nil {
		return err
	}
	if t.opt.Arch, err = exchange.ReadFile(ctx, t.file, keras.MaxJSONBytes, "no model's JSON is as large"); err != nil {
		return err
	}
	if t.opt.InputShapes != nil {
		if t.opt.Arch, err = keras.Close(t.opt.Arch, t.opt.InputShapes); err != nil {
			return fmt.Errorf("file %s: %w", t.file, err)
		}
	}
	spec, open, err := keras.Try(t.opt.Arch)
	if err != nil {
		return fmt.Errorf("file %s: %w", t.file, err)
	}
	if open != nil && (t.weightsFile != "" || t.opt.WeightsFrom != "") && spec == nil {
		return fmt.Errorf("file %s: %w; the weights need them: --input-shape says them", t.file, open)
	}
	if t.weightsFile != "" {
		needs := fmt.Sprintf("the model has %d weights of 4 bytes", spec.NumWeights)
		if t.opt.Weights, err = exchange.ReadFile(ctx, t.weightsFile, 4*int64(spec.NumWeights), needs); err != nil {
			return err
		}
		if n := len(t.opt.Weights); n < 4*spec.NumWeights {
			return fmt.Errorf("file %s: %d bytes; %s", t.weightsFile, n, needs)
		}
	}
	if err := a.share(ctx, t.share); err != nil {
		return err
	}
	id, err := run(ctx, a, pipelines.LoadModel, t.opt)
	if err != nil {
		return err
	}
	if spec != nil {
		a.warn(spec.Notices)
	}
	if open != nil {
		a.warn([]string{open.Error() + "; the rows of a fit tell them, or --input-shape"})
	}
	a.say("%s: loaded as model %d", t.opt.ArchTable, id)
	return nil
}

// otherModel says what a model is that is given in another form than JSON, before it is read: it may be large.
func otherModel(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // reading says it
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, "saved_model.pb")); err == nil {
			return fmt.Errorf("%s is a SavedModel of TensorFlow; load it in Python (tf.keras.models.load_model) and write its model.to_json()", path)
		}
		return nil
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 16)
	n, _ := io.ReadFull(f, head)
	if _, err := keras.Text(head[:n]); err != nil {
		return fmt.Errorf("file %s: %w", path, err)
	}
	return nil
}
