package pipelines

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/score"
)

func init() {
	beam.RegisterType(reflect.TypeFor[modelWeightsFn]())
	beam.RegisterType(reflect.TypeFor[evaluatedFn]())
}

// testSet is the name of evaluate's dataset.
const testSet = "test"

// evaluateSchema is that of the output, one row, where there is one metric at the most.
var evaluateSchema = table.Schema{
	{Name: "loss", Type: table.Float64Type},
	{Name: "metric", Type: table.Float64Type},
	{Name: "metrics_type", Type: table.TextArrayType},
	{Name: "loss_type", Type: table.TextType},
}

// The columns of the output, beside MADlib's, where there are several metrics: names and values of all.
const (
	metricNamesColumn  = "metric_names"
	metricValuesColumn = "metric_values"
)

// An evaluation is one call of Evaluate.
type evaluation struct {
	*job
	opt     EvaluateOptions
	stored  *storedModel
	compile *params.Compile
	model   *trainer.Model
	test    *packedTable
	set     *dataset.Set
	output  string // ID of the output
	result  EvaluateResult
}

// Evaluate computes loss and metrics of a model over a packed table: MADlib's madlib_keras_evaluate. The variables of the
// table are the model's inputs and outputs by position, whatever their names. It warns when the table was packed with
// another normalizing constant or other classes than the training table.
func Evaluate(ctx context.Context, env Env, opt EvaluateOptions) (EvaluateResult, error) {
	j, err := env.begin("evaluate")
	if err != nil {
		return EvaluateResult{}, err
	}
	defer j.end()
	e := &evaluation{job: j, opt: opt}
	defer e.close()
	target, err := e.prepare(ctx)
	if err != nil {
		return EvaluateResult{}, err
	}
	out, err := j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: e.schema()}}})
	if err != nil {
		return EvaluateResult{}, err
	}
	defer abort(ctx, out)
	e.output = out.ID()
	totals := map[string]int64{dataset.Stage: int64(e.set.Buffers()), score.Stage: e.set.Rows()}
	err = j.run(ctx, totals, func(s beam.Scope, run string) error {
		bundle.Share(run, e)
		bundle.Share(run, dataset.Sets{testSet: e.set})
		bundle.Share(run, &score.Job{Model: e.model, Scored: func(rows int) {
			bundle.Of(run).Advance(score.Stage, "rows", int64(rows))
		}})
		pieces := dataset.Cut(s, run, testSet, dataset.Load(s, run, testSet, e.set))
		weights := beam.ParDo(s, &modelWeightsFn{Run: run}, beam.Impulse(s))
		scores := score.Tables(s, run, map[string]beam.PCollection{testSet: pieces}, weights)
		beam.ParDo0(s, &evaluatedFn{Run: run}, scores)
		return nil
	})
	if err != nil {
		return EvaluateResult{}, err
	}
	if err := out.Commit(ctx); err != nil {
		return EvaluateResult{}, err
	}
	return e.result, nil
}

func (e *evaluation) close() {
	if e.test != nil {
		e.test.close()
	}
}

// prepare makes all checks, in MADlib's order, and returns the name of the output.
func (e *evaluation) prepare(ctx context.Context) (target table.Name, err error) {
	if e.stored, err = readModel(ctx, e.Store, e.opt.Model); err != nil {
		return target, err
	}
	trained, err := e.readSummary(ctx)
	if err != nil {
		return target, err
	}
	if e.test, err = openPacked(ctx, e.Store, testSet, e.opt.Test); err != nil {
		return target, err
	}
	if target, err = checkOutput(ctx, e.Store, "output", e.opt.Output); err != nil {
		return target, err
	}
	if err := e.test.checkColumns(); err != nil {
		return target, err
	}
	if e.set, err = e.test.open(ctx, e.Store, e.stored.spec, e.packedPartitions()); err != nil {
		return target, err
	}
	if err := e.test.checkLabels(e.model, false); err != nil {
		return target, err
	}
	e.result.Warnings = trained.compare("the training table", e.test.variables, "the test table")
	return target, nil
}

// readSummary reads how the model was compiled and makes it.
func (e *evaluation) readSummary(ctx context.Context) (variables, error) {
	name, err := parseTable("model", e.opt.Model)
	if err != nil {
		return variables{}, err
	}
	b, vs, err := readSummary(ctx, e.Store, "model", name)
	if err != nil {
		return vs, err
	}
	name = name.WithSuffix("_summary")
	if b.Col("compile_params") == nil {
		return vs, &table.ColumnError{Table: name, Column: "compile_params", Columns: b.Schema.Names()}
	}
	text, err := textOf(b, 0, "compile_params")
	if err == nil && text == nil {
		err = fmt.Errorf("column \"compile_params\" is NULL")
	}
	if err == nil {
		e.compile, err = params.ParseCompile(*text)
	}
	if err == nil {
		e.model, err = trainer.New(trainer.Config{Spec: e.stored.spec, Compile: *e.compile})
	}
	if err != nil {
		return vs, &table.TableError{Table: name, Err: err}
	}
	return vs, nil
}

// modelWeightsFn emits the model's weights.
type modelWeightsFn struct{ Run string }

func (f *modelWeightsFn) ProcessElement(_ context.Context, _ []byte, emit func(average.Vector)) error {
	e, err := bundle.Shared[*evaluation](f.Run)
	if err != nil {
		return err
	}
	emit(average.Vector{Values: e.stored.weights})
	return nil
}

// evaluatedFn writes the row of the output.
type evaluatedFn struct{ Run string }

func (f *evaluatedFn) ProcessElement(_ context.Context, s score.Scores) error {
	e, err := bundle.Shared[*evaluation](f.Run)
	if err != nil {
		return err
	}
	run := bundle.Of(f.Run)
	return run.Fail(e.write(run.Context(), scoresOf(e.model, s.By[testSet], len(e.stored.spec.Outputs))))
}

// schema is that of the output.
func (e *evaluation) schema() table.Schema {
	if len(metricLabels(e.model, len(e.stored.spec.Outputs))) < 2 {
		return evaluateSchema
	}
	return append(slices.Clone(evaluateSchema),
		table.Column{Name: metricNamesColumn, Type: table.TextArrayType},
		table.Column{Name: metricValuesColumn, Type: table.Float64ArrayType})
}

func (e *evaluation) write(ctx context.Context, s *scores) error {
	e.result.Loss, e.result.Metrics = float64(s.Loss), s.named()
	var metrics any
	if names := metricsType(e.model, e.compile, len(e.stored.spec.Outputs)); names != nil {
		metrics = names
	}
	row := []any{s.loss(), s.first(), metrics, e.compile.LossText}
	if len(s.Names) > 1 {
		row = append(row, s.Names, s.values())
	}
	b := table.NewBatch(e.schema())
	if err := b.Append(row...); err != nil {
		return err
	}
	return writeRows(ctx, e.Store, e.output, b)
}
