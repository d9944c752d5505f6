package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/infer"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A prediction is one call of Predict or PredictBYOM.
type prediction struct {
	*job
	test   table.Snapshot
	stored *storedModel
	// trained are what is known of the training rows; without independents nothing is.
	trained variables
	of      string // what names where that is known from
	to      destination
	work    infer.Job
}

func (p *prediction) close() {
	if p.test != nil {
		_ = p.test.Close()
	}
}

// A predictTarget is what Predict and PredictBYOM are told of the rows and the output, as typed.
type predictTarget struct {
	test, output, id, independent, kind string
	replace                             bool
	reads                               []table.Name // what may not be replaced
}

// predict predicts the rows of a table with the model that read finds: stored, and Normalize and Outputs of the work.
func (e Env) predict(ctx context.Context, to predictTarget, read func(p *prediction) error) (PredictResult, error) {
	j, err := e.beginOnRunner(ctx, "predict", 2, listeners{}) // a task reads one table and writes one
	if err != nil {
		return PredictResult{}, err
	}
	defer j.end()
	p := &prediction{job: j, to: destination{store: j.Store, replace: to.replace, reads: to.reads}}
	defer p.close()
	if p.test, err = openInput(ctx, j.Store, "test", to.test); err != nil {
		return PredictResult{}, err
	}
	if err := read(p); err != nil {
		return PredictResult{}, err
	}
	return p.write(ctx, to)
}

// write makes the checks that come after the model's, predicts and commits.
func (p *prediction) write(ctx context.Context, to predictTarget) (PredictResult, error) {
	if err := p.findColumns(to.id, to.independent); err != nil {
		return PredictResult{}, fmt.Errorf("test table: %w", err)
	}
	target, err := p.to.parse(ctx, "output", to.output)
	if err != nil {
		return PredictResult{}, err
	}
	if err := p.claim(ctx, "output", target); err != nil {
		return PredictResult{}, err
	}
	if p.work.Choice, err = infer.ParseChoice(to.kind); err != nil {
		return PredictResult{}, argument(err)
	}
	if err := p.work.Check(); err != nil {
		return PredictResult{}, err
	}
	if err := p.checkFirstRow(ctx); err != nil {
		return PredictResult{}, fmt.Errorf("test table: %w", p.withID(ctx, p.test, p.idName(), err))
	}
	p.work.Model = recipe.Model{Arch: p.stored.arch, Kernels: kernels.Variant()}
	if _, err := p.work.Model.Load(ctx, p.run); err != nil {
		return PredictResult{}, err
	}
	out, err := p.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: p.work.Schema(), Replace: p.to.replace}}})
	if err != nil {
		return PredictResult{}, err
	}
	defer abort(ctx, out)
	p.work.Output = out.ID()
	counts, err := p.infer(ctx, target)
	if err != nil {
		return PredictResult{}, p.withID(ctx, p.test, p.idName(), err)
	}
	p.close() // a test table that is a view of what is replaced would make the commit wait
	if err := out.Commit(ctx); err != nil {
		return PredictResult{}, err
	}
	return PredictResult(counts), nil
}

// findColumns finds the id column and the model's inputs among the columns of the test table.
func (p *prediction) findColumns(id, independent string) error {
	info := p.test.Info()
	if id == "" {
		p.work.ID, p.work.Numbered = infer.RowNumber, true
	} else if err := p.findID(id); err != nil {
		return err
	}
	p.work.Ref, p.work.Table = p.ref, info.Name
	if err := p.work.Schema().Check(); err != nil {
		return &table.TableError{Table: info.Name, Err: fmt.Errorf("the id column clashes with a column of the output: %w", err)}
	}
	inputs, err := p.inputs(independent)
	if err != nil {
		return err
	}
	if spec := p.stored.spec; len(inputs) != len(spec.Inputs) {
		return fmt.Errorf("the model has %s, found %s (%s)", count(len(spec.Inputs), "input"),
			count(len(inputs), "independent column"), table.QuoteAll(namesOf(inputs)))
	}
	for i, in := range inputs {
		if err := p.addFeature(in, p.stored.spec.Tensors[p.stored.spec.Inputs[i]].Shape); err != nil {
			return err
		}
	}
	return nil
}

// idName is the name of the id column, "" where rows are numbered.
func (p *prediction) idName() string {
	if p.work.Numbered {
		return ""
	}
	return p.work.ID.Name
}

// findID finds the id column.
func (p *prediction) findID(id string) error {
	ids, err := table.ParseColumns(id)
	if err != nil {
		return argumentErrorf("id column: %w", err)
	}
	if len(ids) != 1 {
		return argumentErrorf("id column: expected one column, found %s", table.QuoteAll(ids))
	}
	schema, err := selectColumns(p.test.Info(), ids)
	if err != nil {
		return err
	}
	p.work.ID = schema[0]
	return nil
}

// inputs are the independent variables: those that are named, or those of the training rows.
func (p *prediction) inputs(text string) ([]features.Input, error) {
	info := p.test.Info()
	if p.trained.isMade() || text == "" && p.trained.independents != nil {
		return p.trained.independentsLike(text, info, p.of)
	}
	names, err := table.ParseColumns(text)
	if err != nil {
		return nil, argumentErrorf("independent columns: %w", err)
	}
	schema, err := selectColumns(info, names)
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
func (p *prediction) addFeature(in features.Input, shape []int) error {
	info := p.test.Info()
	if v := in.Variable; v != nil {
		if width := v.Width(); !slices.Equal(shape, []int{width}) {
			return fmt.Errorf("the columns %s make %s per row, the model's input has shape %v", v, count(width, "number"), shape)
		}
		p.work.Features = append(p.work.Features, infer.Feature{Column: v.Name, Shape: shape, Variable: v, Scale: scaleOf(p.work.Normalize)})
		return nil
	}
	c := in.Array
	if !p.work.Numbered && c.Name == p.work.ID.Name {
		return argument(&table.TableError{Table: info.Name, Err: fmt.Errorf("column %q is named both as id and as independent column", c.Name)})
	}
	if !c.Type.Array || !c.Type.IsNumber() {
		return &table.TableError{Table: info.Name, Err: fmt.Errorf("column %q has type %s; the model's input needs an array of numbers", c.Name, c.Type)}
	}
	p.work.Features = append(p.work.Features, infer.Feature{Column: c.Name, Shape: shape})
	return nil
}

// checkFirstRow finds a wrong shape before any work.
func (p *prediction) checkFirstRow(ctx context.Context) error {
	opt := p.work.ReadOptions()
	opt.BatchRows = 1
	return atRow(ctx, p.Store, p.test, opt, 0, func(b *table.Batch, i int) error {
		for k, f := range p.work.Features { // rows may have a last dimension of 1 more than the input, or less
			if f.Variable != nil || b.Col(f.Column).IsNull(i) {
				continue
			}
			shape := b.Col(f.Column).Shape(i)
			if _, err := keras.Fit(f.Shape, shape); err == nil {
				p.work.Features[k].Shape = slices.Clone(shape)
			}
		}
		return p.work.CheckFirst(b)
	})
}

// infer runs the pipeline:
//
//	partitions of the test table --> infer.Predict (read, predict, rank, write) --> counts
func (p *prediction) infer(ctx context.Context, target table.Name) (infer.Counts, error) {
	partitions, err := p.test.Partitions(ctx, p.partitions())
	if err != nil {
		return infer.Counts{}, err
	}
	parts := make([]infer.Part, len(partitions))
	for i, part := range partitions {
		parts[i] = infer.Part{Key: fmt.Sprintf("%06d", i), Partition: part}
	}
	box, err := p.newBox(ctx, "predictions", target)
	if err != nil {
		return infer.Counts{}, err
	}
	if err := box.Put(ctx, average.Key, average.Vector{Values: p.stored.weights}); err != nil {
		return infer.Counts{}, err
	}
	p.work.Weights = box.Box
	const key = "counts"
	totals := map[string]int64{infer.Stage: p.test.Info().Rows}
	err = p.pipeline(totals, func(s beam.Scope) error {
		counts := infer.Predict(s, p.worker, p.work, p.spread(s, beam.CreateList(s, parts)))
		collect.Keep[infer.Counts](s, box.Box, key, counts)
		return nil
	})
	if err != nil {
		return infer.Counts{}, err
	}
	counts, err := collect.Get[infer.Counts](ctx, box.Box, key)
	if err == nil && counts.Rows != p.test.Info().Rows {
		err = errors.New("internal error: the pipeline ended before all rows were predicted")
	}
	return counts, err
}
