package pipelines

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/infer"
)

func init() { beam.RegisterType(reflect.TypeFor[predictedFn]()) }

// A prediction is one call of Predict or PredictBYOM.
type prediction struct {
	*job
	test   table.Snapshot
	stored *storedModel
	work   infer.Job
	counts infer.Counts
}

func (p *prediction) close() {
	if p.test != nil {
		_ = p.test.Close()
	}
}

// openTest opens the table of rows.
func (p *prediction) openTest(ctx context.Context, text string) (err error) {
	p.test, err = openInput(ctx, p.Store, "test", text)
	return err
}

// run makes the checks that both forms share, predicts and commits.
func (p *prediction) run(ctx context.Context, id, independent, output, kind string) (PredictResult, error) {
	if err := p.findColumns(id, independent); err != nil {
		return PredictResult{}, fmt.Errorf("test table: %w", err)
	}
	target, err := checkOutput(ctx, p.Store, "output", output)
	if err != nil {
		return PredictResult{}, err
	}
	if p.work.Choice, err = infer.ParseChoice(kind); err != nil {
		return PredictResult{}, err
	}
	if err := p.work.Check(); err != nil {
		return PredictResult{}, err
	}
	if err := p.checkFirstRow(ctx); err != nil {
		return PredictResult{}, fmt.Errorf("test table: %w", err)
	}
	model, err := trainer.New(trainer.Config{Spec: p.stored.spec})
	if err != nil {
		return PredictResult{}, err
	}
	p.work.Predict = func(ctx context.Context, inputs [][]float32, rows int, outputs [][]float32) error {
		return model.Predict(ctx, inputs, rows, p.stored.weights, outputs)
	}
	out, err := p.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: p.work.Schema()}}})
	if err != nil {
		return PredictResult{}, err
	}
	defer abort(ctx, out)
	p.work.Output = out.ID()
	if err := p.predict(ctx); err != nil {
		return PredictResult{}, err
	}
	if err := out.Commit(ctx); err != nil {
		return PredictResult{}, err
	}
	return PredictResult(p.counts), nil
}

// findColumns finds the id column and the model's inputs among the columns of the test table.
func (p *prediction) findColumns(id, independent string) error {
	info := p.test.Info()
	ids, err := table.ParseColumns(id)
	if err != nil {
		return fmt.Errorf("id column: %w", err)
	}
	if len(ids) != 1 {
		return fmt.Errorf("id column: expected one column, found %s", table.QuoteAll(ids))
	}
	features, err := table.ParseColumns(independent)
	if err != nil {
		return fmt.Errorf("independent columns: %w", err)
	}
	if slices.Contains(features, ids[0]) {
		return &table.TableError{Table: info.Name, Err: fmt.Errorf("column %q is named both as id and as independent column", ids[0])}
	}
	schema, err := selectColumns(info, append(ids, features...))
	if err != nil {
		return err
	}
	p.work.Ref, p.work.Table, p.work.ID = p.ref, info.Name, schema[0]
	if err := p.work.Schema().Check(); err != nil {
		return &table.TableError{Table: info.Name, Err: fmt.Errorf("the id column clashes with a column of the output: %w", err)}
	}
	if spec := p.stored.spec; len(features) != len(spec.Inputs) {
		return fmt.Errorf("the model has %s, found %s (%s)", count(len(spec.Inputs), "input"),
			count(len(features), "independent column"), table.QuoteAll(features))
	}
	for i, c := range schema[1:] {
		if !c.Type.Array || !c.Type.IsNumber() {
			return &table.TableError{Table: info.Name, Err: fmt.Errorf("column %q has type %s; the model's input needs an array of numbers", c.Name, c.Type)}
		}
		shape := p.stored.spec.Tensors[p.stored.spec.Inputs[i]].Shape
		p.work.Features = append(p.work.Features, infer.Feature{Column: c.Name, Shape: shape})
	}
	return nil
}

// checkFirstRow finds a wrong shape before any work.
func (p *prediction) checkFirstRow(ctx context.Context) error {
	opt := p.work.ReadOptions()
	opt.BatchRows = 1
	return atRow(ctx, p.Store, p.test, opt, 0, func(b *table.Batch, _ int) error {
		_, err := p.work.Inputs(b, 0, nil)
		return err
	})
}

// predict runs the pipeline:
//
//	partitions of the test table --> infer.Predict (read, predict, rank, write) --> counts
func (p *prediction) predict(ctx context.Context) error {
	partitions, err := p.test.Partitions(ctx, p.partitions())
	if err != nil {
		return err
	}
	parts := make([]infer.Part, len(partitions))
	for i, part := range partitions {
		parts[i] = infer.Part{Key: fmt.Sprintf("%06d", i), Partition: part}
	}
	totals := map[string]int64{infer.Stage: p.test.Info().Rows}
	err = p.job.run(ctx, totals, func(s beam.Scope, run string) error {
		bundle.Share(run, p)
		bundle.Share(run, &p.work)
		beam.ParDo0(s, &predictedFn{Run: run}, infer.Predict(s, run, beam.CreateList(s, parts)))
		return nil
	})
	if err == nil && p.counts.Rows != p.test.Info().Rows {
		err = errors.New("internal error: the pipeline ended before all rows were predicted")
	}
	return err
}

// predictedFn keeps the counts.
type predictedFn struct{ Run string }

func (f *predictedFn) ProcessElement(c infer.Counts) error {
	p, err := bundle.Shared[*prediction](f.Run)
	if err != nil {
		return err
	}
	p.counts = c
	return nil
}
