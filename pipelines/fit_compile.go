package pipelines

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
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

// warnOfSharing says how much of a GPU a shard may take where it need not have one alone.
func (f *fit) warnOfSharing(made recipe.Model, model *recipe.Loaded) error {
	if made.OneGPU && made.Shards > 1 {
		f.warn([]string{fmt.Sprintf("each worker of runner %s takes one GPU, and which shards meet on it is the runner's choice: a shard may take 0.9/%d of the memory "+
			"of a GPU, as if all %d shards did", f.Runner, made.Shards, made.Shards)})
	}
	gpus, err := model.GPUs() // none where the workers are other processes
	if err == nil {
		f.warn(sharedGPUs(gpus, made.Shards))
	}
	return err
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

// nothingToTrain says what of a model training cannot change.
func nothingToTrain(spec *keras.Spec, losses []*loss.Loss) (warnings []string) {
	if !slices.ContainsFunc(spec.Weights, func(w *keras.Weight) bool { return w.Trainable }) {
		warnings = append(warnings, "no weight of the model is trainable: fit changes none")
	}
	for i, name := range spec.OutputNames() {
		if shape := spec.OutputShapes()[i]; shape[len(shape)-1] != 1 {
			continue
		}
		if spec.OutputActivation(i) == "softmax" {
			warnings = append(warnings, fmt.Sprintf("output %q is the softmax of one unit, which is 1 whatever the weights are: no training changes "+
				"what it predicts; a sigmoid tells two classes apart", name))
		}
		if _, cosine := losses[i].Output.(loss.CosineSimilarity); cosine {
			warnings = append(warnings, fmt.Sprintf("output %q has one unit, and the cosine of one number with another is 1 or -1: the loss "+
				"cosine_similarity trains nothing for it", name))
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

// makeCallbacks makes the callbacks of fit_params, and warns of what in the parameters has no effect.
func (f *fit) makeCallbacks(model *recipe.Loaded, validation bool) (*callback.List, error) {
	m := callback.Model{Validation: validation}
	m.Rate, m.Settable = model.LearningRate()
	metrics := model.OutputMetrics()
	for i, name := range fitting.LogNames(model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metrics[i].Better})
	}
	for _, name := range fitting.LossNames(model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metric.Down})
	}
	callbacks, err := callback.New(model.Fit.Callbacks, m)
	if err != nil {
		return nil, fmt.Errorf("fit_params: %w", err)
	}
	f.warn(model.Compile.Notices)
	f.warn(model.Fit.Notices)
	if f.opt.NoFiles && len(callbacks.Files()) > 0 {
		return nil, argument.Errorf("fit_params: callbacks that write files, CSVLogger and TensorBoard, are not allowed here")
	}
	f.warn(callbacks.Notices)
	return callbacks, nil
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
