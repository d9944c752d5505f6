package inference

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/holdout"
	"github.com/beamfit/beamfit/transforms/infer"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Prediction is one call of Predict or PredictBYOM.
type Prediction struct {
	*job.Job
	test  table.Snapshot
	Model *tables.Model
	// Trained are what is known of the training rows; without independents nothing is.
	Trained tables.Variables
	Of      string // what names where that is known from
	to      tables.Destination
	Plan    infer.Plan
	listed  []features.Input // the inputs of a model that takes text (FindTexts); nil: it takes none
}

func (p *Prediction) close() {
	if p.test != nil {
		_ = p.test.Close()
	}
}

// A Target is what Predict and PredictBYOM are told of the rows and the output, as typed.
type Target struct {
	Test, Output, ID, Independent, Kind string
	Replace                             bool
	Reads                               []table.Name // what may not be replaced
	Share                               *float64     // of the rows, which are those that Preprocess holds out with Seed; nil: all rows
	Seed                                uint64
}

// rows are those of the test table to predict; nil: all.
func (to Target) rows(test table.Info) (*holdout.Choice, error) {
	if to.Share == nil {
		return nil, nil
	}
	if err := holdout.CheckShare(*to.Share); err != nil {
		return nil, argument.Of(err)
	}
	c := &holdout.Choice{Rows: test.Rows, Share: *to.Share, Seed: to.Seed}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("test table: %w", &table.TableError{Table: test.Name, Err: err})
	}
	return c, nil
}

// Run predicts the rows of a table with the model that read finds: Model, and Normalize and Outputs of Plan.
func Run(ctx context.Context, j *job.Job, to Target, read func(p *Prediction) error) (infer.Counts, error) {
	p := &Prediction{Job: j, to: tables.Destination{Store: j.Store, Replace: to.Replace, Reads: to.Reads}}
	defer p.close()
	var err error
	if p.test, err = tables.OpenInput(ctx, j.Store, "test", to.Test); err != nil {
		return infer.Counts{}, err
	}
	if p.Plan.Only, err = to.rows(p.test.Info()); err != nil {
		return infer.Counts{}, err
	}
	if err := read(p); err != nil {
		return infer.Counts{}, err
	}
	return p.write(ctx, to)
}

// write makes the checks that come after the model's, predicts and commits.
func (p *Prediction) write(ctx context.Context, to Target) (infer.Counts, error) {
	var err error
	if p.Plan.Choice, err = infer.ParseChoice(to.Kind); err != nil { // it says which columns the output has
		return infer.Counts{}, argument.Of(err)
	}
	if err := p.findColumns(to.ID, to.Independent); err != nil {
		return infer.Counts{}, fmt.Errorf("test table: %w", err)
	}
	target, err := p.to.Parse(ctx, "output", to.Output)
	if err != nil {
		return infer.Counts{}, err
	}
	if err := p.Claim(ctx, "output", target); err != nil {
		return infer.Counts{}, err
	}
	if err := p.Plan.Check(); err != nil {
		return infer.Counts{}, err
	}
	if err := p.checkFirstRow(ctx); err != nil {
		return infer.Counts{}, fmt.Errorf("test table: %w", p.WithID(ctx, p.test, p.idName(), err))
	}
	p.Plan.Model = p.OnDevice(recipe.Model{Arch: p.Model.Arch, Kernels: kernels.Variant()}, 0)
	if _, err := p.Load(ctx, p.Plan.Model); err != nil {
		return infer.Counts{}, err
	}
	out, err := p.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: p.Plan.Schema(), Replace: p.to.Replace}}})
	if err != nil {
		return infer.Counts{}, err
	}
	defer tables.Abort(ctx, out)
	p.Plan.Output = out.ID()
	counts, err := p.infer(ctx, target)
	if err != nil {
		return infer.Counts{}, p.WithID(ctx, p.test, p.idName(), err)
	}
	p.close() // a test table that is a view of what is replaced would make the commit wait
	if err := out.Commit(ctx); err != nil {
		return infer.Counts{}, err
	}
	return counts, nil
}

// findColumns finds the id column and the model's inputs among the columns of the test table.
func (p *Prediction) findColumns(id, independent string) error {
	info := p.test.Info()
	if id == "" {
		p.Plan.ID, p.Plan.Numbered = infer.RowNumber, true
	} else if err := p.findID(id); err != nil {
		return err
	}
	p.Plan.Ref, p.Plan.Table = p.StoreRef, info.Name
	if err := p.Plan.Schema().Check(); err != nil {
		return &table.TableError{Table: info.Name, Err: fmt.Errorf("the id column clashes with a column of the output: %w", err)}
	}
	inputs, err := p.inputs(independent)
	if err != nil {
		return err
	}
	if spec := p.Model.Spec; len(inputs) != len(spec.Inputs) {
		return fmt.Errorf("the model has %s, found %s (%s)", tables.Count(len(spec.Inputs), "input"),
			tables.Count(len(inputs), "independent variable"), table.QuoteAll(namesOf(inputs)))
	}
	for i, in := range inputs {
		if err := p.addFeature(in, p.Model.Spec.Tensors[p.Model.Spec.Inputs[i]].Shape); err != nil {
			return err
		}
	}
	return nil
}

// idName is the name of the id column, "" where rows are numbered.
func (p *Prediction) idName() string {
	if p.Plan.Numbered {
		return ""
	}
	return p.Plan.ID.Name
}

// findID finds the id column.
func (p *Prediction) findID(id string) error {
	ids, err := table.ParseColumns(id)
	if err != nil {
		return argument.Errorf("id column: %w", err)
	}
	if len(ids) != 1 {
		return argument.Errorf("id column: expected one column, found %s", table.QuoteAll(ids))
	}
	schema, err := tables.Select(p.test.Info(), ids)
	if err != nil {
		return err
	}
	p.Plan.ID = schema[0]
	return nil
}

// inputs are the independent variables: those that are named, or those of the training rows.
func (p *Prediction) inputs(text string) ([]features.Input, error) {
	info := p.test.Info()
	if p.Trained.Independents != nil {
		list, err := features.ParseList(text)
		if p.Trained.IsMade() || text == "" || err == nil && list.HasStar() {
			return p.Trained.IndependentsLike(text, info, p.Of)
		}
	}
	if p.listed != nil {
		return p.listed, nil
	}
	names, err := table.ParseColumns(text)
	if err != nil {
		return nil, argument.Errorf("independent variables: %w", err)
	}
	schema, err := tables.Select(info, names)
	if err != nil {
		return nil, err
	}
	inputs := make([]features.Input, len(schema))
	for i, c := range schema {
		inputs[i].Array = c
	}
	return inputs, nil
}

func namesOf(inputs []features.Input) []string {
	out := make([]string, len(inputs))
	for i, in := range inputs {
		out[i] = in.Name()
	}
	return out
}

// addFeature adds an input of the model, whose rows have that shape.
func (p *Prediction) addFeature(in features.Input, shape []int) error {
	info := p.test.Info()
	if v := in.Variable; v != nil {
		if err := tables.CheckMade(v, shape); err != nil {
			return err
		}
		p.Plan.Features = append(p.Plan.Features, infer.Feature{Column: v.Name, Shape: shape, Variable: v, Scale: tables.ScaleOf(p.Plan.Normalize)})
		return nil
	}
	c := in.Array
	if !p.Plan.Numbered && c.Name == p.Plan.ID.Name {
		return argument.Of(&table.TableError{Table: info.Name, Err: fmt.Errorf("column %q is named both as id and as independent variable", c.Name)})
	}
	if err := infer.CheckArray(c); err != nil {
		return &table.TableError{Table: info.Name, Err: err}
	}
	p.Plan.Features = append(p.Plan.Features, infer.Feature{Column: c.Name, Shape: shape})
	return nil
}

// checkFirstRow finds a wrong shape before any work.
func (p *Prediction) checkFirstRow(ctx context.Context) error {
	return tables.AtRow(ctx, p.Store, p.test, p.Plan.ReadOptions(), 0, func(b *table.Batch, i int) error {
		p.Plan.FitShapes(b, i)
		_, err := p.Plan.Inputs(b)
		return err
	})
}

// infer runs the pipeline:
//
//	partitions of the test table --> infer.Predict (read, predict, rank, write) --> counts
func (p *Prediction) infer(ctx context.Context, target table.Name) (infer.Counts, error) {
	partitions, err := p.test.Partitions(ctx, p.Partitions())
	if err != nil {
		return infer.Counts{}, err
	}
	parts := make([]infer.Part, len(partitions))
	for i, part := range partitions {
		parts[i] = infer.Part{Key: fmt.Sprintf("%06d", i), Partition: part}
	}
	box, err := p.NewBox(ctx, "predictions", target)
	if err != nil {
		return infer.Counts{}, err
	}
	if err := box.Put(ctx, average.Key, average.Vector{Values: p.Model.Weights}); err != nil {
		return infer.Counts{}, err
	}
	p.Plan.Weights = box.Box
	steps := []job.Step{{Name: infer.Stage, Unit: "rows", Units: p.Plan.Rows(p.test.Info().Rows)}}
	counts, err := job.Compute[infer.Counts](ctx, p.Job, box, steps, func(s beam.Scope) beam.PCollection {
		return infer.Predict(s, p.RunRef, p.Plan, p.Spread(s, beam.CreateList(s, parts)))
	})
	if err == nil && counts.Rows != p.Plan.Rows(p.test.Info().Rows) {
		err = errors.New("internal error: the pipeline ended before all rows were predicted")
	}
	return counts, err
}

// FirstShapes are the shapes of the model's inputs in the first row of the test table, for a model that leaves dimensions open.
func (p *Prediction) FirstShapes(ctx context.Context, independent string) (shapes [][]int, err error) {
	inputs, err := p.inputs(independent)
	if err != nil {
		return nil, err
	}
	var reads features.Reads
	for _, in := range inputs {
		if in.Variable != nil {
			continue
		}
		if err := infer.CheckArray(in.Array); err != nil {
			return nil, &table.TableError{Table: p.test.Info().Name, Err: err}
		}
		reads.Values(in.Array.Name)
	}
	err = tables.AtRow(ctx, p.Store, p.test, reads.Options(), 0, func(b *table.Batch, row int) error {
		for _, in := range inputs {
			if in.Variable != nil {
				shapes = append(shapes, in.Variable.Shape())
			} else {
				shapes = append(shapes, slices.Clone(b.Col(in.Array.Name).Shape(row)))
			}
		}
		return nil
	})
	return shapes, err
}

// ReadLike takes what is known of the training rows from the summary of a packed table or a model, and returns the summary for LikeOutputs.
func (p *Prediction) ReadLike(ctx context.Context, text string) (summary *table.Batch, err error) {
	const what = "training"
	name, err := tables.ParseName(what, text)
	if err != nil {
		return nil, err
	}
	summary, p.Trained, err = tables.ReadSummary(ctx, p.Store, what, name)
	if err == nil {
		err = tables.CheckFormat(summary, name.WithSuffix(tables.SummarySuffix))
	}
	if err != nil {
		return nil, err
	}
	p.Of, p.Plan.Normalize = name.String(), p.Trained.Normalize
	return summary, p.Trained.CheckTexts(p.Model, name.String(), "expected a table that preprocess --arch has packed for the model")
}

// LikeOutputs takes the outputs of the model from a summary that ReadLike has read.
func (p *Prediction) LikeOutputs(summary *table.Batch) (err error) {
	p.Plan.Outputs, err = trainedOutputs(p.Model.Spec, p.Trained.Dependents, trainedLosses(p.Model.Spec, summary))
	return err
}
