package pipelines

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// makeModel makes the model, and the recipe that the workers make it from, for so many shards.
func (f *fit) makeModel(ctx context.Context, source *tables.Packed, shards int) (made recipe.Model, model *recipe.Loaded, err error) {
	made = f.OnDevice(recipe.Model{
		Arch: f.stored.Arch, Compile: f.opt.Compile, Fit: f.opt.Fit, Functions: f.functions, Kernels: kernels.Variant(),
	}, shards)
	if made.ClassWeight, err = f.classWeights(source); err != nil {
		return made, nil, fmt.Errorf("fit_params: %w", err)
	}
	if model, err = f.Load(ctx, made); err != nil {
		return made, nil, err
	}
	if err := model.CheckFit(*model.Fit); err != nil {
		return made, nil, fmt.Errorf("fit_params: %w", err)
	}
	return made, model, nil
}

// classWeights are the class weights by class index, where fit_params name classes by their values; else nil. Values are written as tables
// show them: '7' is the value 7, and 7 without quotes the class of index 7.
func (f *fit) classWeights(source *tables.Packed) (map[int]float64, error) {
	if f.params.ClassWeightByValue == nil {
		return nil, nil
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
	for value, weight := range f.params.ClassWeightByValue {
		i, ok := index[value]
		if !ok {
			slices.Sort(values)
			return nil, fmt.Errorf("class_weight: column %q has no class %q; %s", v.Column, value, nearest.Known(value, values))
		}
		weights[i] = weight
	}
	return weights, nil
}

// checkModel checks the model against the labels, and warns of what of it may not be meant.
func (f *fit) checkModel(made recipe.Model, model *recipe.Loaded) error {
	for _, p := range f.packed {
		if err := p.CheckLabels(model.Model, model.Fit.ClassWeight != nil); err != nil {
			return err
		}
	}
	f.warn(nothingToTrain(model.Spec, model.Losses()))
	return f.warnOfSharing(made, model)
}

// summarize is what the summary has before training begins.
func (f *fit) summarize(source *tables.Packed, model *recipe.Loaded, callbacks *callback.List, schedule fitting.Schedule) tables.ModelSummary {
	spec := model.Spec
	return tables.ModelSummary{
		Source: f.opt.Source, Model: f.opt.Model, ArchTable: f.opt.ArchTable, ID: f.opt.ID,
		Variables: source.Variables, Compile: f.opt.Compile, Fit: f.opt.Fit, Iterations: f.opt.Iterations,
		Validation: f.opt.Validation, ObjectTable: f.objectTable, Name: f.opt.Name, Description: f.opt.Description,
		Version: Version, Weights: spec.NumWeights, NumClasses: outputWidths(spec),
		MetricNames: tables.MetricNames(model.Model, len(spec.Outputs)), MetricsType: tables.MetricsType(model.Model, model.Compile, len(spec.Outputs)),
		LossType: model.Compile.LossText, Precision: f.opt.Precision, WithCallbacks: callbacks.NeedsScores(), Frequency: schedule.ScoreEvery,
		Rounds: roundsSummary(f.opt, schedule.Rounds),
	}
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
