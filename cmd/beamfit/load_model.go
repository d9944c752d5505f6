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
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

type loadModelTask struct {
	opt               pipelines.LoadModelOptions
	file, weightsFile string
	share             bool
}

func loadModelCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "load-model", group: groupModels, jobs: true,
		short: "Add a Keras model to an architecture table",
		long: `Add a Keras model to an architecture table, like MADlib's load_keras_model, and print its id. The table is made where
there is none. FILE is what Keras' model.save() writes (.keras, or .h5 of Keras 2), architecture and weights, or what model.to_json() writes,
the architecture alone. It is checked whole: layers, their settings and shapes. What a file is, its content says.

--weights takes .weights.h5, .h5 and .keras of Keras 2 and 3, .npz and .npy of NumPy, .safetensors, and float32 numbers alone, little-endian,
in the order of Keras' get_weights. Every array must have its place in the model.

With weights, fit starts from them (transfer learning) and predict-byom can use the model as it is.`,
		args: []argument{
			{name: "ARCH_TABLE", usage: "architecture table", fills: fillTable},
			{name: "FILE", usage: "file with the model: .keras, .h5 or JSON", fills: fillFile},
		},
		example: `beamfit load-model model_arch_library iris_mlp.json --name Sophie --description "A simple model"
beamfit load-model model_arch_library resnet50.keras
beamfit load-model model_arch_library iris_transfer.json --weights-from iris_model --name Maria`,
	}, &loadModelTask{})
}

func (t *loadModelTask) define(f flags) {
	f.add(flagvalue.Each(&t.opt.InputShapes, flagvalue.Ints), "input-shape", "N,...", none, "shape of a row, for a model that leaves dimensions of its input open: 28,28,1; again for every further input")
	f.add(flagvalue.Of(&t.weightsFile, flagvalue.Given), "weights", "FILE", none, "file with the weights: .weights.h5, .h5, .npz, .safetensors or numbers, see above")
	f.add(flagvalue.Of(&t.opt.WeightsFrom, flagvalue.Given), "weights-from", "MODEL_TABLE", none, "model table, written by fit, to take the weights from")
	f.add(flagvalue.Optional(&t.opt.Name, flagvalue.Text), "name", "TEXT", none, "name of the model")
	f.add(flagvalue.Optional(&t.opt.Description, flagvalue.Text), "description", "TEXT", none, "description of the model")
	f.toggle(&t.opt.Replace, "replace", "put the model in the place of the one that has its name, under the same id; with --name")
	f.shared(&t.share)
}

func (t *loadModelTask) validate(args []string, given func(string) bool) error {
	t.opt.ArchTable, t.file = args[0], args[1]
	if t.opt.Replace && (t.opt.Name == nil || *t.opt.Name == "") {
		return errors.New("--replace needs --name: a model takes the place of the one that has its name")
	}
	if given("weights") && given("weights-from") {
		return errors.New("--weights and --weights-from cannot be used together")
	}
	return nil
}

func (t *loadModelTask) run(ctx context.Context, a *app) (err error) {
	file, err := t.architecture(ctx)
	if file != nil {
		defer file.Close()
	}
	if err != nil {
		return err
	}
	if t.opt.InputShapes != nil {
		if t.opt.Arch, err = keras.Build(t.opt.Arch, t.opt.InputShapes); err != nil {
			return fmt.Errorf("file %s: %w", t.file, err)
		}
		t.opt.InputShapes = nil // the JSON has them
	}
	spec, open, err := keras.ParseOpen(t.opt.Arch)
	if err != nil {
		return fmt.Errorf("file %s: %w", t.file, err)
	}
	inFile := file != nil && modelfile.HasWeights(file) && t.opt.WeightsFrom == ""
	if open != nil && (t.weightsFile != "" || t.opt.WeightsFrom != "" || inFile) && spec == nil {
		return fmt.Errorf("file %s: %w; the weights need them: --input-shape says them", t.file, open)
	}
	switch {
	case t.weightsFile != "":
		t.opt.Weights, err = readWeights(ctx, t.weightsFile, spec)
	case inFile:
		t.opt.Weights, err = modelfile.Weights(ctx, file, spec)
	}
	if err != nil {
		return err
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

// architecture reads the model's JSON, from a file of Keras, which stays open, or a file of its own.
func (t *loadModelTask) architecture(ctx context.Context) (*kerasio.File, error) {
	if info, err := os.Stat(t.file); err == nil && info.Mode().IsRegular() {
		file, err := modelfile.Open(t.file)
		switch {
		case err == nil && file.Config == nil:
			return file, fmt.Errorf("file %s is %s with weights only; the model is FILE (what model.to_json() writes), this --weights", t.file, file.Kind)
		case err == nil:
			t.opt.Arch = file.Config
			return file, nil
		case !errors.Is(err, kerasio.ErrUnknown):
			return nil, fmt.Errorf("%w; where Keras reads the file, model.to_json() and model.save_weights() write the model in two parts, which may load (--weights)", err)
		}
	}
	if err := otherModel(t.file); err != nil {
		return nil, err
	}
	arch, err := exchange.ReadFile(ctx, t.file, keras.MaxJSONBytes, "no model's JSON is as large")
	t.opt.Arch = arch
	return nil, err
}

// readWeights reads a file with weights of some kind, or of numbers alone.
func readWeights(ctx context.Context, path string, spec *keras.Spec) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		file, err := modelfile.Open(path)
		if err == nil {
			defer file.Close()
			return modelfile.Weights(ctx, file, spec)
		}
		if !errors.Is(err, kerasio.ErrUnknown) {
			return nil, err
		}
	}
	needs := fmt.Sprintf("the model has %d weights of 4 bytes", spec.NumWeights)
	data, err := exchange.ReadFile(ctx, path, 4*int64(spec.NumWeights), needs)
	if err == nil && len(data) < 4*spec.NumWeights {
		err = fmt.Errorf("file %s: %d bytes; %s", path, len(data), needs)
	}
	return data, err
}

// otherModel says what a model is that is given in a form that is not read, before it is read whole: it may be large.
func otherModel(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // reading says it
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, "saved_model.pb")); err == nil {
			return fmt.Errorf("%s is a SavedModel of TensorFlow; load it in Python (tf.keras.models.load_model) and save it as one file, model.save('model.keras') or 'model.h5'", path)
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
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	if _, err := keras.Text(head[:n]); err != nil {
		return fmt.Errorf("file %s: %w", path, err)
	}
	return nil
}
