package pipelines

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/infer"
)

// Predict writes the classes of the rows of a table or view, ranked by probability, with a model that Fit has made:
// MADlib's madlib_keras_predict. Where the label is no class of the output, it writes the label that the output is or spells
// (see package infer), and for a loss that compares rows (circle) the output itself. It reads the id column and the argument's
// columns only. Names and values of the classes and the normalizing constant are those of the model's summary.
func Predict(ctx context.Context, env Env, opt PredictOptions) (PredictResult, error) {
	to := predictTarget{test: opt.Test, output: opt.Output, id: opt.IDColumn, independent: opt.Independent, kind: opt.Type}
	to.replace, to.reads = opt.Replace, append(named(opt.Test), withSummaries(opt.Model)...)
	return env.predict(ctx, to, func(p *prediction) error {
		t, err := readTrained(ctx, p.Store, opt.Model)
		if err != nil {
			return err
		}
		p.stored, p.work.Normalize = t.storedModel, t.variables.normalize
		p.trained, p.of = t.variables, "model "+t.name.String()
		p.work.Outputs, err = t.outputs()
		return err
	})
}

// A trainedModel is a model table with its summary.
type trainedModel struct {
	*storedModel
	name      table.Name // of the model table
	summary   *table.Batch
	variables variables // of the training rows
}

// readTrained reads a model table and its summary.
func readTrained(ctx context.Context, store table.Store, text string) (*trainedModel, error) {
	stored, err := readModel(ctx, store, text)
	if err != nil {
		return nil, err
	}
	name, err := parseTable("model", text)
	if err != nil {
		return nil, err
	}
	t := &trainedModel{storedModel: stored, name: name}
	t.summary, t.variables, err = readSummary(ctx, store, "model", name)
	return t, err
}

func (t *trainedModel) summaryName() table.Name { return t.name.WithSuffix(summarySuffix) }

// ofSummary is an error about what the summary says.
func (t *trainedModel) ofSummary(err error) error {
	return fmt.Errorf("model summary: %w", &table.TableError{Table: t.summaryName(), Err: err})
}

// outputs pairs the model's outputs with the dependent variables.
func (t *trainedModel) outputs() ([]infer.Output, error) {
	outputs, err := trainedOutputs(t.spec, t.variables.dependents, trainedLosses(t.spec, t.summary))
	if err != nil {
		return nil, t.ofSummary(err)
	}
	return outputs, nil
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

// secondBy is how output i, of one unit, tells the second class, by the loss that it was trained with; nil: it is not known.
func secondBy(spec *keras.Spec, i int, l *loss.Loss) infer.Second {
	switch {
	case l == nil, !loss.Known(l.Name): // of a person's own loss the activation tells more
		return secondOf(spec, i)
	case l.FromLogits:
		return infer.Logit
	case l.Name == "hinge" || l.Name == "squared_hinge":
		return infer.Side
	}
	return infer.Probability
}

// trainedOutputs pairs the model's outputs with the dependent variables of its summary. losses are those of training.
func trainedOutputs(spec *keras.Spec, dependents []variable, losses []*loss.Loss) ([]infer.Output, error) {
	if len(spec.Outputs) != len(dependents) {
		return nil, fmt.Errorf("%s for a model with %s", count(len(dependents), "dependent variable"), count(len(spec.Outputs), "output"))
	}
	var outputs []infer.Output
	for i, v := range dependents {
		labels := loss.LikeOutput
		if losses[i] != nil {
			labels = losses[i].Labels
		}
		if shape := spec.Tensors[spec.Outputs[i]].Shape; labels == loss.Sequences && len(shape) == 2 {
			outputs = append(outputs, infer.Output{Name: v.column, Numbers: shape[0] * shape[1], Frames: shape[0]})
			continue
		}
		if shape := spec.OutputShapes()[i]; len(shape) > 1 {
			outputs = append(outputs, outputOfSteps(v.column, shape, losses[i] != nil && losses[i].AmongClasses))
			continue
		}
		k := spec.OutputShapes()[i][0]
		if labels == loss.ClassNumbers || v.numeric && (k == 1 || table.ParseType(v.kind).Array) {
			outputs = append(outputs, infer.Output{Name: v.column, Numbers: k})
			continue
		}
		classes := v.classTexts()
		if classes == nil || len(classes) == 1 && classes[0] == nil {
			classes = classIndexes(k)
		}
		if k == 1 && len(classes) == 2 {
			outputs = append(outputs, infer.Output{Name: v.column, Classes: classes, Second: secondBy(spec, i, losses[i])})
			continue
		}
		if len(classes) != k {
			return nil, fmt.Errorf("column %q has %d class values, output %q of the model has %d classes",
				v.classColumn(), len(classes), outputName(spec, i), k)
		}
		outputs = append(outputs, infer.Output{Name: v.column, Classes: classes})
	}
	return outputs, nil
}

// outputOfSteps is an output of several dimensions: the numbers themselves, or of each step the number of its class.
func outputOfSteps(name string, shape []int, classes bool) infer.Output {
	out := infer.Output{Name: name, Numbers: sizeOf(shape), Shape: shape}
	if classes && shape[len(shape)-1] > 1 {
		out.Shape = shape[:len(shape)-1]
	}
	return out
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

// PredictBYOM is Predict with a model of an architecture table, which must have weights: MADlib's
// madlib_keras_predict_byom. The values of the classes and the normalizing constant are arguments; the classes of one
// output are called dependent_var, those of several dependent_var_0, dependent_var_1 and so on. With Like both, the columns and what
// is made of them are those of the training rows of another model, or of a packed table.
func PredictBYOM(ctx context.Context, env Env, opt PredictBYOMOptions) (PredictResult, error) {
	to := predictTarget{test: opt.Test, output: opt.Output, id: opt.IDColumn, independent: opt.Independent, kind: opt.Type}
	to.replace, to.reads = opt.Replace, append(named(opt.Test, opt.ArchTable), withSummaries(opt.Like)...)
	return env.predict(ctx, to, func(p *prediction) (err error) {
		if err := checkBYOM(opt); err != nil {
			return err
		}
		if p.stored, err = readArchitecture(ctx, p.Store, opt.ArchTable, opt.ID); err != nil {
			return err
		}
		if p.stored, err = p.stored.closed(func() ([][]int, error) { return p.firstShapes(ctx, opt) }); err != nil {
			return fmt.Errorf("architecture table %s, model_id %d: %w", opt.ArchTable, opt.ID, err)
		}
		if p.stored.weights == nil {
			return fmt.Errorf("architecture table %s: model_id %d has no weights", opt.ArchTable, opt.ID)
		}
		if opt.Like != "" {
			return p.readLike(ctx, opt.Like)
		}
		if p.work.Normalize, err = normalizing(opt.Normalize); err != nil {
			return argument(err)
		}
		p.work.Outputs, err = givenOutputs(p.stored.spec, opt)
		return err
	})
}

// firstShapes are the shapes of the arrays in the first row of the test table, for a model that leaves dimensions open.
func (p *prediction) firstShapes(ctx context.Context, opt PredictBYOMOptions) (shapes [][]int, err error) {
	names, err := table.ParseColumns(opt.Independent)
	if err != nil {
		return nil, argumentErrorf("independent columns: %w", err)
	}
	if _, err := selectColumns(p.test.Info(), names); err != nil {
		return nil, err
	}
	err = atRow(ctx, p.Store, p.test, table.ReadOptions{Columns: names, BatchRows: 1}, 0, func(b *table.Batch, i int) error {
		for _, name := range names {
			shapes = append(shapes, slices.Clone(b.Col(name).Shape(i)))
		}
		return nil
	})
	return shapes, err
}

// checkBYOM checks arguments that need no table.
func checkBYOM(opt PredictBYOMOptions) error {
	if opt.Like != "" && (opt.Classes != nil || opt.Normalize != nil || opt.LabelTypes != nil || opt.DependentCount != 0) {
		return argumentErrorf("the classes, the normalizing constant, the label types and the number of dependent variables come from the table or model to be like; they cannot be given beside it")
	}
	for i, list := range opt.Classes {
		if !numericAt(opt.LabelTypes, i) && (len(list) == 0 || list[0] == nil) {
			return argumentErrorf("class values of dependent variable %d: the first is missing or NULL", i+1)
		}
	}
	return nil
}

// readLike takes what is known of the training rows from the summary of a packed table or a model.
func (p *prediction) readLike(ctx context.Context, text string) error {
	const what = "like"
	name, err := parseTable(what, text)
	if err != nil {
		return err
	}
	summary, vs, err := readSummary(ctx, p.Store, what, name)
	if err == nil {
		err = checkFormat(summary, name.WithSuffix(summarySuffix))
	}
	if err != nil {
		return err
	}
	p.trained, p.of, p.work.Normalize = vs, name.String(), vs.normalize
	p.work.Outputs, err = trainedOutputs(p.stored.spec, vs.dependents, trainedLosses(p.stored.spec, summary))
	return err
}

// givenOutputs pairs the model's outputs with the class values of the arguments.
func givenOutputs(spec *keras.Spec, opt PredictBYOMOptions) ([]infer.Output, error) {
	if opt.DependentCount < 0 {
		return nil, argumentErrorf("the number of dependent variables must be at least 1, found %d", opt.DependentCount)
	}
	dependents := max(1, opt.DependentCount)
	if dependents != len(spec.Outputs) {
		return nil, fmt.Errorf("the model has %s, the number of dependent variables is %d", count(len(spec.Outputs), "output"), dependents)
	}
	if opt.Classes != nil && len(opt.Classes) != dependents {
		return nil, argumentErrorf("%d lists of class values for %s", len(opt.Classes), count(dependents, "dependent variable"))
	}
	numeric := make([]bool, dependents)
	if err := readLabelTypes(opt.LabelTypes, numeric, "dependent variable"); err != nil {
		return nil, argument(err)
	}
	var outputs []infer.Output
	for i := range dependents {
		shape := spec.OutputShapes()[i]
		k := shape[0]
		out := infer.Output{Name: "dependent_var", Classes: classIndexes(k)}
		if dependents > 1 {
			out.Name = fmt.Sprintf("dependent_var_%d", i)
		}
		if len(shape) > 1 && (opt.Classes == nil || numeric[i]) {
			outputs = append(outputs, outputOfSteps(out.Name, shape, !numeric[i] && spec.OutputActivation(i) == "softmax"))
			continue
		}
		if len(shape) > 1 {
			return nil, argumentErrorf("class values of dependent variable %d: output %q of the model has shape %v, whose classes are predicted by their numbers",
				i+1, outputName(spec, i), shape)
		}
		if numeric[i] {
			if opt.Classes != nil && slices.ContainsFunc(opt.Classes[i], func(v *string) bool { return v != nil }) {
				return nil, argumentErrorf("class values of dependent variable %d: it is numeric and has none", i+1)
			}
			out.Classes, out.Numbers = nil, k
		} else if opt.Classes == nil {
			if k == 1 && spec.OutputActivation(i) == "sigmoid" {
				out.Classes, out.Second = classIndexes(2), infer.Probability
			}
		} else {
			if k == 1 && len(opt.Classes[i]) > 1 {
				k, out.Second = 2, secondOf(spec, i)
			}
			var err error
			if out.Classes, err = trimClasses(opt.Classes[i], k); err != nil {
				return nil, fmt.Errorf("class values of dependent variable %d: %w (output %q of the model)", i+1, err, outputName(spec, i))
			}
		}
		outputs = append(outputs, out)
	}
	return outputs, nil
}

// secondOf is how an output of one unit tells the second class, by its activation.
func secondOf(spec *keras.Spec, i int) infer.Second {
	switch spec.OutputActivation(i) {
	case "linear":
		return infer.Logit
	case "tanh":
		return infer.Side
	}
	return infer.Probability
}

// trimClasses cuts a list of class values to the k classes of an output. SQL arrays are rectangular, so lists for outputs
// of different width are filled up with NULLs, which are cut off here.
func trimClasses(list []*string, k int) ([]*string, error) {
	n := len(list)
	for n > k && list[n-1] == nil {
		n--
	}
	if n != k {
		return nil, fmt.Errorf("%d values for %s", n, count(k, "class"))
	}
	return list[:n], nil
}
