package inference

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/infer"
)

// OutputsOf pairs the model's outputs with the dependent variables.
func OutputsOf(t *tables.TrainedModel) ([]infer.Output, error) {
	outputs, err := trainedOutputs(t.Spec, t.Variables.Dependents, trainedLosses(t.Spec, t.Summary))
	if err != nil {
		return nil, t.OfSummary(err)
	}
	return outputs, nil
}

// IgnoredBy is of each output the class whose rows the loss that the model was trained with does not count.
func IgnoredBy(t *tables.TrainedModel) []loss.Ignore {
	ignored := make([]loss.Ignore, len(t.Spec.Outputs))
	for i, l := range trainedLosses(t.Spec, t.Summary) {
		if l != nil {
			ignored[i] = l.Ignore
		}
	}
	return ignored
}

// trainedLosses are the losses that the model was trained with, one per output. One is nil where the summary has no compile_params that
// can be read: prediction does not depend on training.
func trainedLosses(spec *keras.Spec, summary *table.Batch) []*loss.Loss {
	none := make([]*loss.Loss, len(spec.Outputs))
	if summary.Col("compile_params") == nil {
		return none
	}
	text, err := summary.Col("compile_params").Text(0)
	if err != nil {
		return none
	}
	compile, err := params.ParseCompile(text)
	if err != nil {
		return none
	}
	losses, err := trainer.LossesOf(spec, *compile)
	if err != nil {
		return none
	}
	return losses
}

// scoreBy is what the numbers of output i are, by the loss that it was trained with; nil: it is not known. second: one of them tells of the
// second of two classes.
func scoreBy(spec *keras.Spec, i int, l *loss.Loss, second bool) infer.Score {
	switch {
	case l == nil, !loss.Known(l.Name): // of a person's own loss the activation tells more
		if second {
			return secondOf(spec, i)
		}
	case l.FromLogits && trainer.LooksThrough(l, spec.OutputActivation(i)):
	case l.FromLogits && l.AmongClasses:
		return infer.LogitAmong
	case l.FromLogits:
		return infer.Logit
	case second && (l.Name == "hinge" || l.Name == "squared_hinge"):
		return infer.Side
	}
	return infer.Probability
}

// trainedOutputs pairs the model's outputs with the dependent variables of its summary. losses are those of training.
func trainedOutputs(spec *keras.Spec, dependents []tables.Variable, losses []*loss.Loss) ([]infer.Output, error) {
	if len(spec.Outputs) != len(dependents) {
		return nil, fmt.Errorf("%s for a model with %s", tables.Count(len(dependents), "dependent variable"), tables.Count(len(spec.Outputs), "output"))
	}
	var outputs []infer.Output
	for i, v := range dependents {
		out, err := trainedOutput(spec, i, v, losses[i])
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

// trainedOutput is output i of the model.
func trainedOutput(spec *keras.Spec, i int, v tables.Variable, l *loss.Loss) (infer.Output, error) {
	shape := spec.OutputShapes()[i]
	k := shape[len(shape)-1]
	meaning := trainer.MeaningOf(lossOrLikely(l, v), k, v.Numeric)
	switch {
	case meaning == trainer.OfFrames && len(shape) == 2:
		return infer.Output{Name: v.Column, Numbers: shape[0] * shape[1], Frames: shape[0]}, nil
	case len(shape) > 1 && v.Steps():
		out, err := classesOfSteps(spec, i, v.Column, v.ClassTexts(), scoreBy(spec, i, l, true))
		if err != nil {
			return infer.Output{}, fmt.Errorf("column %q: %w", v.ClassColumn(), err)
		}
		return out, nil
	case len(shape) > 1:
		return outputOfSteps(v.Column, shape, l != nil && l.AmongClasses), nil
	case meaning == trainer.OfLabel, meaning == trainer.OfSecondClass && v.Classes == nil && isNumber(spec, i, l):
		return infer.Output{Name: v.Column, Numbers: k}, nil
	}
	units, second := k, meaning == trainer.OfSecondClass
	if second {
		units = 2
	}
	classes := v.ClassTexts()
	if classes == nil || len(classes) == 1 && classes[0] == nil {
		classes = classIndexes(units)
	}
	if second && len(classes) == 1 { // all training rows were of one class
		units, second = 1, false
	}
	if len(classes) != units {
		return infer.Output{}, fmt.Errorf("column %q has %d class values, output %q of the model has %d classes",
			v.ClassColumn(), len(classes), outputName(spec, i), k)
	}
	return infer.Output{Name: v.Column, Classes: classes, Second: second, Score: scoreBy(spec, i, l, second)}, nil
}

// isNumber tells whether the labels of an output of one unit, arrays of integers, are numbers to whoever has trained it: neither the loss nor the activation is
// one for two classes. Without a loss nothing is known.
func isNumber(spec *keras.Spec, i int, l *loss.Loss) bool {
	return l != nil && !l.TwoClasses && spec.OutputActivation(i) != "sigmoid"
}

// lossOrLikely is the loss of a dependent variable, or where it is not known one that takes its labels: a number per row for an output of several
// units can be a class number alone.
func lossOrLikely(l *loss.Loss, v tables.Variable) *loss.Loss {
	if l != nil {
		return l
	}
	return &loss.Loss{Sparse: !table.ParseType(v.Kind).Array}
}

// outputOfSteps is an output of several dimensions: the numbers themselves, or of each step the number of its class.
func outputOfSteps(name string, shape []int, classes bool) infer.Output {
	out := infer.Output{Name: name, Numbers: buffer.SizeOf(shape), Shape: shape}
	if classes && shape[len(shape)-1] > 1 {
		out.Shape = shape[:len(shape)-1]
	}
	return out
}

// classesOfSteps is an output of several dimensions that has one of the classes at each step. second is what one number is that tells of the second
// of two.
func classesOfSteps(spec *keras.Spec, i int, name string, classes []*string, second infer.Score) (infer.Output, error) {
	shape := spec.OutputShapes()[i]
	steps, k := shape[:len(shape)-1], shape[len(shape)-1]
	out := infer.Output{Name: name, Numbers: buffer.SizeOf(shape), Shape: steps, Classes: classes}
	switch {
	case len(classes) == k && k > 1:
	case len(classes) == 2 && k == 1:
		out.Second, out.Score = true, second
	default:
		return out, fmt.Errorf("%d class values, output %q of the model has %s at each step", len(classes), outputName(spec, i), tables.Count(k, "class"))
	}
	return out, nil
}

func outputName(spec *keras.Spec, i int) string { return spec.Tensors[spec.Outputs[i]].Name }

// classIndexes are 0 to k-1, the values of classes that have none.
func classIndexes(k int) []*string {
	out := make([]*string, k)
	for i := range out {
		text := fmt.Sprint(i)
		out[i] = &text
	}
	return out
}

// Given is what arguments say of the dependent variables of a model that has no summary.
type Given struct {
	Classes    [][]*string // the class values of each; nil: their indexes. An element is nil for a NULL class
	Dependents int         // 0: 1
	LabelTypes []string
}

// GivenOutputs pairs the model's outputs with the class values of the arguments.
func GivenOutputs(spec *keras.Spec, opt Given) ([]infer.Output, error) {
	if opt.Dependents < 0 {
		return nil, argument.Errorf("the number of dependent variables must be at least 1, found %d", opt.Dependents)
	}
	dependents := max(1, opt.Dependents)
	if dependents != len(spec.Outputs) {
		return nil, fmt.Errorf("the model has %s, the number of dependent variables is %d", tables.Count(len(spec.Outputs), "output"), dependents)
	}
	if opt.Classes != nil && len(opt.Classes) != dependents {
		return nil, argument.Errorf("%d lists of class values for %s", len(opt.Classes), tables.Count(dependents, "dependent variable"))
	}
	numeric := make([]bool, dependents)
	if err := tables.ReadLabelTypes(opt.LabelTypes, numeric, "dependent variable"); err != nil {
		return nil, argument.Of(err)
	}
	var outputs []infer.Output
	for i := range dependents {
		shape := spec.OutputShapes()[i]
		k := shape[0]
		out := infer.Output{Name: "dependent_var", Classes: classIndexes(k)}
		if dependents > 1 {
			out.Name = fmt.Sprintf("dependent_var_%d", i)
		}
		if numeric[i] && opt.Classes != nil && slices.ContainsFunc(opt.Classes[i], func(v *string) bool { return v != nil }) {
			return nil, argument.Errorf("class values of dependent variable %d: it is numeric and has none", i+1)
		}
		if len(shape) > 1 && (opt.Classes == nil || numeric[i]) {
			outputs = append(outputs, outputOfSteps(out.Name, shape, !numeric[i] && spec.OutputActivation(i) == "softmax"))
			continue
		}
		if len(shape) > 1 {
			list := trimClasses(opt.Classes[i], max(shape[len(shape)-1], 2))
			of, err := classesOfSteps(spec, i, out.Name, list, secondOf(spec, i))
			if err != nil {
				return nil, argument.Errorf("class values of dependent variable %d: %w", i+1, err)
			}
			outputs = append(outputs, of)
			continue
		}
		if numeric[i] {
			out.Classes, out.Numbers = nil, k
		} else if opt.Classes == nil {
			if k == 1 && spec.OutputActivation(i) == "sigmoid" {
				out.Classes, out.Second = classIndexes(2), true
			}
		} else {
			if k == 1 && len(opt.Classes[i]) > 1 {
				k, out.Second, out.Score = 2, true, secondOf(spec, i)
			}
			out.Classes = trimClasses(opt.Classes[i], k)
			if n := len(out.Classes); n != k {
				return nil, fmt.Errorf("class values of dependent variable %d: %d values for %s (output %q of the model)", i+1, n, tables.Count(k, "class"), outputName(spec, i))
			}
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

// secondOf is what the number of an output of one unit is that tells the second class, by its activation.
func secondOf(spec *keras.Spec, i int) infer.Score {
	switch spec.OutputActivation(i) {
	case "linear":
		return infer.Logit
	case "tanh":
		return infer.Side
	}
	return infer.Probability
}

// trimClasses cuts NULLs off the end of a list of class values, down to k values: SQL arrays are rectangular, so lists for outputs of
// different width are filled up with NULLs. What is left within the k is the class NULL.
func trimClasses(list []*string, k int) []*string {
	for len(list) > k && list[len(list)-1] == nil {
		list = list[:len(list)-1]
	}
	return list
}
