package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

type exportModelTask struct {
	table, out string
	id         *int
	form       modelfile.Form
}

func exportModelCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "export-model", group: groupModels,
		short: "Write a model to a file that Keras or an ONNX runtime loads",
		long: `Write a model to a file that Keras or an ONNX runtime loads: a model that fit has made, or with --id one of an architecture table. The
end of the file's name says what is written:

  .keras         architecture and weights, for keras.models.load_model of Keras 3 (and of tf.keras from 2.13 on, where the model is of Keras 2)
  .h5            the same in the form of Keras 2, which Keras 3 loads too
  .weights.h5    weights alone, for model.load_weights
  .npz           weights alone, for model.set_weights([z[k] for k in z.files]) with z = numpy.load(FILE)
  .safetensors   weights alone, by name; the metadata's key "weights" lists the names in the order of get_weights
  .json          the architecture alone, for keras.models.model_from_json
  .onnx          what the model computes, with its weights, for onnxruntime.InferenceSession and whatever else predicts with ONNX (opset 17); inputs and outputs are float32 in Keras' order of dimensions, for any number of rows

An existing file is replaced when the new one is complete. Compile and fit parameters are not written. A layer that has no form in ONNX is
refused by name.`,
		args:    []argument{{name: "TABLE", usage: "model table, or architecture table with --id", fills: fillTable}},
		example: "beamfit export-model iris_model --out iris.keras\nbeamfit export-model model_arch_library --id 1 --out iris.weights.h5",
	}, &exportModelTask{})
}

func (t *exportModelTask) define(f flags) {
	f.add(flagvalue.Optional(&t.id, flagvalue.Int), "id", "N", none, "id of the model in an architecture table")
	f.add(flagvalue.Of(&t.out, flagvalue.Given), "out", "FILE", required, "file to write; the end of its name says what")
}

func (t *exportModelTask) validate(args []string, _ func(string) bool) (err error) {
	t.table = args[0]
	t.form, err = modelfile.FormOf(t.out)
	return err
}

func (t *exportModelTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		stored, err := pipelines.ReadModel(ctx, store, t.table, t.id)
		if err != nil {
			return err
		}
		m := modelfile.Model(*stored)
		if err := t.form.Check(m); err != nil {
			return err
		}
		if err := exchange.WriteFile(t.out, func(out io.Writer) error { return t.form.Write(out, m) }); err != nil {
			return err
		}
		a.say("%s: %d weights", t.out, len(m.Weights))
		return nil
	})
}
