package pipelines

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/inference"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/infer"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Model is a model that Fit has made, in memory: its network, its weights, how it was trained, and predictions for rows that lie in
// no table. It needs the store no more, and is safe for concurrent use. What its fields refer to must not be changed.
type Model struct {
	// Arch is the network, Keras' JSON as it was loaded.
	Arch []byte
	// Weights are the arrays of Keras' get_weights, in its order.
	Weights []WeightArray
	// Inputs and Outputs are those of the network, in its order, each with the column of the training rows that it stands for.
	Inputs, Outputs []ModelVariable
	// Normalize is what the features of rows are divided by: the normalizing constant of the training table. What is made from columns is
	// divided already.
	Normalize float32
	// Compile and Fit are compile_params and fit_params as they were given to Fit; "": not recorded.
	Compile, Fit string
	// Name and Description are those given to Fit; nil: none.
	Name, Description *string
	// History has an entry for every iteration that was scored, in their order.
	History []ModelScore

	vector  []float32 // all weights, P
	engine  *recipe.Loaded
	made    []*features.Variable // per input; nil: it is a column of arrays
	predict []infer.Output
	refused error // why the model cannot predict
}

// A WeightArray is an array of weights of a layer.
type WeightArray struct {
	Layer string // name of the layer
	Name  string // Keras' name of the array inside the layer: kernel, bias, gamma, ...
	Shape []int
	// Values are row-major.
	Values []float32
}

// A ModelVariable is an input or an output of a model.
type ModelVariable struct {
	Tensor string // the layer that the network has it from
	Column string // of the training rows, or the name of what was made from Columns
	Shape  []int  // of one row
	// Columns are those of the training rows from which an input is made (PreprocessOptions.Independent); nil: Column is one of arrays.
	Columns []string
	// Classes are the class values of the elements of an output, their indexes where none are recorded; an element is nil for a NULL class
	// and for padding, and Classes is nil for inputs and for outputs whose labels are no classes.
	Classes []*string
}

// A ModelScore is what was computed after an iteration over the whole training table, and over that for validation where there was one.
type ModelScore struct {
	Iteration         int
	Elapsed           time.Duration // since the start of training
	TrainingLoss      float64
	TrainingMetrics   []NamedValue
	ValidationLoss    *float64 // nil: no validation table
	ValidationMetrics []NamedValue
}

// OpenModel reads a model from its model table, named as in SQL, and from the table's summary. A model that MADlib has made opens as
// well. Tables that do not exist are errors of table.ErrNotExist, others that are no model *table.TableError or *table.ValueError; a
// name that is none is an *ArgumentError.
func OpenModel(ctx context.Context, store table.Store, name string) (*Model, error) {
	m, _, err := openModel(ctx, store, name)
	return m, err
}

// openModel is OpenModel, with the tables that the model was made from.
func openModel(ctx context.Context, store table.Store, name string) (*Model, *tables.TrainedModel, error) {
	if store == nil {
		return nil, nil, argument.ErrNoStore
	}
	if err := argument.Of(kernels.EnvError()); err != nil {
		return nil, nil, err
	}
	t, err := tables.ReadTrained(ctx, store, name)
	if err != nil {
		return nil, nil, err
	}
	engine, err := recipe.Model{Arch: t.Arch, Kernels: kernels.Variant()}.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("model table: %w", &table.TableError{Table: t.Name, Err: err})
	}
	m := &Model{
		Arch: t.Arch, Normalize: t.Variables.Normalize, Weights: weightArrays(t.Spec, t.Weights),
		vector: t.Weights, engine: engine,
	}
	m.predict, m.refused = inference.OutputsOf(t)
	if m.Inputs, err = modelVariables(t.Spec, t.Spec.Inputs, t.Variables.Independents, "independent variable", "input"); err == nil {
		m.Outputs, err = modelVariables(t.Spec, t.Spec.Outputs, t.Variables.Dependents, "dependent variable", "output")
	}
	if err != nil {
		return nil, nil, t.OfSummary(err)
	}
	for i, o := range m.predict {
		m.Outputs[i].Classes = o.Classes
	}
	m.made = t.Variables.Made()
	for i, v := range m.made {
		if v != nil {
			m.Inputs[i].Columns = v.Reads()
		}
	}
	if err := m.readTraining(t); err != nil {
		return nil, nil, err
	}
	return m, t, nil
}

// weightArrays are the arrays of a vector of weights.
func weightArrays(spec *keras.Spec, vector []float32) []WeightArray {
	arrays := make([]WeightArray, len(spec.Weights))
	for i, w := range spec.Weights {
		arrays[i] = WeightArray{Layer: w.Layer, Name: w.Name, Shape: slices.Clone(w.Shape), Values: weights.View(w, vector)}
	}
	return arrays
}

// modelVariables pairs inputs or outputs of a network, called end, with the variables of its summary.
func modelVariables(spec *keras.Spec, tensors []int, vs []tables.Variable, kind, end string) ([]ModelVariable, error) {
	if len(tensors) != len(vs) {
		return nil, fmt.Errorf("%s for a model with %s", tables.Count(len(vs), kind), tables.Count(len(tensors), end))
	}
	out := make([]ModelVariable, len(vs))
	for i, t := range tensors {
		out[i] = ModelVariable{Tensor: spec.Tensors[t].Name, Column: vs[i].Column, Shape: slices.Clone(spec.Tensors[t].Shape)}
	}
	return out, nil
}

// A Prediction is what a model says of one row for one of its outputs.
type Prediction struct {
	// Output is the column of the training rows that the output stands for.
	Output string
	// Classes are all classes, the most probable first; equal ones in the order of the model's. nil: the labels are no classes.
	Classes []PredictedClass
	// Label is the value of the most probable class as text, nil for NULL; or where labels are no classes the label that the output is or
	// spells, as PostgreSQL prints it.
	Label *string
	// Values are the output itself, row-major.
	Values []float32
}

// A PredictedClass is a class of a row. Prob is the float64 with the shortest decimal text of the network's float32, or of the probability
// of which that is a score (a logit).
type PredictedClass struct {
	Value *string // nil: NULL, or padding
	Prob  float64
}

// Predict predicts rows. There is an argument per input of the model, each with one slice per row: the features of the row as the
// training table had them before Preprocess, row-major (Model.Inputs has the shapes); of an input that is made from columns, the
// numbers that the packed table has. PredictRows takes the columns themselves. The result has per row the predictions for all
// outputs. The numbers are those that the job Predict writes.
//
// Rows of other lengths, and features that are not finite, are *ArgumentError; a model whose output has no form that can be predicted,
// such as an image, is an error of its summary. Cancelling ctx stops the computation within a batch.
func (m *Model) Predict(ctx context.Context, inputs ...[][]float32) ([][]Prediction, error) {
	if m.refused != nil {
		return nil, m.refused
	}
	flat, rows, err := m.features(inputs)
	if err != nil {
		return nil, argument.Of(err)
	}
	return m.run(ctx, flat, rows)
}

// run predicts rows whose features are as the network takes them.
func (m *Model) run(ctx context.Context, flat [][]float32, rows int) ([][]Prediction, error) {
	if rows == 0 {
		return nil, nil
	}
	values := make([][]float32, len(m.predict))
	for k, o := range m.predict {
		values[k] = make([]float32, rows*o.Width())
	}
	if err := m.engine.Predict(ctx, flat, rows, m.vector, values); err != nil {
		return nil, err
	}
	out := make([][]Prediction, rows)
	for i := range out {
		out[i] = make([]Prediction, len(m.predict))
		for k, o := range m.predict {
			w := o.Width()
			out[i][k] = predictionOf(o, values[k][i*w:(i+1)*w:(i+1)*w])
		}
	}
	return out, nil
}

// predictionOf is the prediction of one row for one output.
func predictionOf(o infer.Output, values []float32) Prediction {
	p := Prediction{Output: o.Name, Values: values}
	if o.Numbers > 0 {
		label := o.Label(values)
		p.Label = &label
		return p
	}
	for _, c := range o.Ranked(values) {
		p.Classes = append(p.Classes, PredictedClass(c))
	}
	p.Label = p.Classes[0].Value
	return p
}

// features are the rows of all inputs, normalized, and their number.
func (m *Model) features(inputs [][][]float32) (flat [][]float32, rows int, err error) {
	if len(inputs) != len(m.Inputs) {
		return nil, 0, fmt.Errorf("rows of %s for a model with %s", tables.Count(len(inputs), "input"), tables.Count(len(m.Inputs), "input"))
	}
	rows = len(inputs[0])
	flat = make([][]float32, len(inputs))
	for i, in := range inputs {
		if len(in) != rows {
			return nil, 0, fmt.Errorf("input %d has %s, input 1 has %d", i+1, tables.Count(len(in), "row"), rows)
		}
		size := buffer.SizeOf(m.Inputs[i].Shape)
		flat[i] = make([]float32, 0, rows*size)
		for row, x := range in {
			if len(x) != size {
				return nil, 0, fmt.Errorf("input %d, row %d: %s, the model's input has shape %v", i+1, row+1, tables.Count(len(x), "feature"), m.Inputs[i].Shape)
			}
			normalize := m.Normalize
			if m.made[i] != nil {
				normalize = 1
			}
			if flat[i], err = infer.AppendFeatures(flat[i], x, normalize); err != nil {
				return nil, 0, fmt.Errorf("input %d, row %d: %w", i+1, row+1, err)
			}
		}
	}
	return flat, rows, nil
}
