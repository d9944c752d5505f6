package pipelines

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// compile reads the parameters, makes the model and fills in the summary.
func (f *fit) compile(ctx context.Context, source *tables.Packed) (err error) {
	f.run.Recipe = f.OnDevice(recipe.Model{
		Arch: f.stored.Arch, Compile: f.opt.Compile, Fit: f.opt.Fit, Functions: f.functions, Kernels: kernels.Variant(),
	}, len(f.run.Sets[0].Shards))
	if f.run.Recipe.ClassWeight, err = f.classWeights(source); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if f.run.Model, err = f.Load(ctx, f.run.Recipe); err != nil {
		return err
	}
	if err := f.run.Model.CheckFit(*f.run.Model.Fit); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if err := f.makeCallbacks(); err != nil {
		return err
	}
	for _, p := range f.packed {
		if err := p.CheckLabels(f.run.Model.Model, f.run.Model.Fit.ClassWeight != nil); err != nil {
			return err
		}
	}
	spec, compile := f.run.Model.Spec, f.run.Model.Compile
	f.warn(nothingToTrain(spec))
	f.warn(sharedGPUs(f.run.Model.GPUs, f.run.Recipe.Shards))
	f.summary = tables.ModelSummary{
		Source: f.opt.Source, Model: f.opt.Model, ArchTable: f.opt.ArchTable, ID: f.opt.ID,
		Variables: source.Variables, Compile: f.opt.Compile, Fit: f.opt.Fit, Iterations: f.opt.Iterations,
		Validation: f.opt.Validation, ObjectTable: f.objectTable, Name: f.opt.Name, Description: f.opt.Description,
		Version: Version, Weights: spec.NumWeights, NumClasses: outputWidths(spec),
		MetricNames: tables.MetricNames(f.run.Model.Model, len(spec.Outputs)), MetricsType: tables.MetricsType(f.run.Model.Model, compile, len(spec.Outputs)), LossType: compile.LossText,
		WithCallbacks: f.run.Callbacks.NeedsScores(),
	}
	return nil
}

// nothingToTrain says what of a model training cannot change.
func nothingToTrain(spec *keras.Spec) (warnings []string) {
	if !slices.ContainsFunc(spec.Weights, func(w *keras.Weight) bool { return w.Trainable }) {
		warnings = append(warnings, "no weight of the model is trainable: fit changes none")
	}
	for i, name := range spec.OutputNames() {
		if shape := spec.OutputShapes()[i]; shape[len(shape)-1] == 1 && spec.OutputActivation(i) == "softmax" {
			warnings = append(warnings, fmt.Sprintf("output %q is the softmax of one unit, which is 1 whatever the weights are: nothing is trained "+
				"for it; a sigmoid tells two classes apart", name))
		}
	}
	return warnings
}

// sharedGPUs says how much of a GPU a shard may take where several share one.
func sharedGPUs(gpus []cuda.GPU, shards int) (warnings []string) {
	all := "1 GPU"
	if len(gpus) > 1 {
		all = fmt.Sprintf("%d GPUs", len(gpus))
	}
	for _, g := range gpus {
		if g.Shards > 1 {
			warnings = append(warnings, fmt.Sprintf("%d shards share %s: on GPU %d (%s) a shard may take %d of %d bytes; with as many GPUs as shards, "+
				"or fewer shards, each has more", shards, all, g.Number, g.Name, g.Share, g.Memory))
		}
	}
	return warnings
}

// outputWidths are the numbers of classes of the model's outputs.
func outputWidths(spec *keras.Spec) []int {
	var widths []int
	for _, t := range spec.Outputs {
		shape := spec.Tensors[t].Shape
		widths = append(widths, shape[len(shape)-1])
	}
	return widths
}

// makeCallbacks makes the callbacks of fit_params.
func (f *fit) makeCallbacks() (err error) {
	m := callback.Model{Validation: len(f.run.Sets) > 1}
	m.Rate, m.Settable = f.run.Model.LearningRate()
	metrics := f.run.Model.OutputMetrics()
	for i, name := range fitting.LogNames(f.run.Model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metrics[i].Better})
	}
	for _, name := range fitting.LossNames(f.run.Model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metric.Down})
	}
	if f.run.Callbacks, err = callback.New(f.run.Model.Fit.Callbacks, m); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	f.warn(f.run.Model.Compile.Notices)
	f.warn(f.run.Model.Fit.Notices)
	if f.opt.NoFiles && len(f.run.Callbacks.Files()) > 0 {
		return argument.Errorf("fit_params: callbacks that write files, CSVLogger and TensorBoard, are not allowed here")
	}
	f.warn(f.run.Callbacks.Notices)
	return nil
}

// classWeights are the class weights by class index, where fit_params name classes by their values; else nil. Values are written as tables
// show them: '7' is the value 7, and 7 without quotes the class of index 7.
func (f *fit) classWeights(source *tables.Packed) (map[int]float64, error) {
	fit, err := params.ParseFit(f.opt.Fit)
	if err != nil || fit.ClassWeightByValue == nil {
		return nil, err
	}
	if n := len(source.Variables.Dependents); n != 1 {
		return nil, fmt.Errorf("class_weight needs one dependent variable, the %s table has %d", source.What, n)
	}
	v := source.Variables.Dependents[0]
	texts := v.ClassTexts()
	if texts == nil {
		return nil, fmt.Errorf("class_weight names classes by their values, and the summary of the %s table has none for column %q: name them by their numbers, from 0",
			source.What, v.Column)
	}
	var values []string
	index := map[string]int{}
	for i, t := range texts {
		if t != nil {
			values, index[*t] = append(values, *t), i
		}
	}
	weights := map[int]float64{}
	for value, weight := range fit.ClassWeightByValue {
		i, ok := index[value]
		if !ok {
			slices.Sort(values)
			return nil, fmt.Errorf("class_weight: column %q has no class %q; %s", v.Column, value, nearest.Known(value, values))
		}
		weights[i] = weight
	}
	return weights, nil
}
