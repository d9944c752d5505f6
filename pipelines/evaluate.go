package pipelines

import (
	"context"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
	"github.com/beamfit/beamfit/transforms/score"
)

// testSet is the name of evaluate's dataset.
const testSet = "test"

// evaluateSchema is that of the output, one row, where there is one metric at the most.
var evaluateSchema = table.Schema{
	{Name: "loss", Type: table.Float64Type},
	{Name: "metric", Type: table.Float64Type},
	{Name: "metrics_type", Type: table.TextArrayType},
	{Name: "loss_type", Type: table.TextType},
}

// An evaluation is one call of Evaluate.
type evaluation struct {
	*job.Job
	opt      EvaluateOptions
	stored   *tables.Model
	recipe   recipe.Model
	model    *recipe.Loaded
	test     *tables.Packed
	set      *dataset.Set
	warnings []string
}

// Evaluate computes loss and metrics of a model over a packed table: MADlib's madlib_keras_evaluate. The variables of the
// table are the model's inputs and outputs by position, whatever their names. A table with other classes than the training table, or with
// the same in another order, is refused. Evaluate warns when the table was packed with another normalizing constant.
func Evaluate(ctx context.Context, env Env, opt EvaluateOptions) (EvaluateResult, error) {
	j, err := env.beginOnRunner(ctx, "evaluate", 0)
	if err != nil {
		return EvaluateResult{}, err
	}
	defer j.End()
	j.Listen(&scoringProgress{run: j.Run}, nil)
	e := &evaluation{Job: j, opt: opt}
	defer e.close()
	target, err := e.prepare(ctx)
	if err != nil {
		return EvaluateResult{}, err
	}
	out, err := j.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: target, Schema: e.schema(), Replace: opt.Replace}}})
	if err != nil {
		return EvaluateResult{}, err
	}
	defer tables.Abort(ctx, out)
	scores, err := e.score(ctx, target)
	if err != nil {
		return EvaluateResult{}, err
	}
	row, err := e.row(scores)
	if err != nil {
		return EvaluateResult{}, err
	}
	e.close() // a test table that is a view of what is replaced would make the commit wait
	if err := tables.WriteAndCommit(ctx, j.Store, out, row); err != nil {
		return EvaluateResult{}, err
	}
	return EvaluateResult{Loss: float64(scores.Loss), Metrics: namedValues(scores), Warnings: e.warnings}, nil
}

// scoringProgress tells how many rows are scored.
type scoringProgress struct {
	bundle.Nobody
	run *bundle.Run
}

// Scored counts rows.
func (p *scoringProgress) Scored(rows int) { p.run.Advance(score.Stage, "rows", int64(rows)) }

// score runs the pipeline:
//
//	shards of the test table --> load --> pieces --> score --> box
//	box --> weights ---------- side input ----------'
func (e *evaluation) score(ctx context.Context, target table.Name) (*tables.Scores, error) {
	if err := e.CheckWeights(len(e.stored.Weights), 1); err != nil {
		return nil, err
	}
	box, err := e.NewBox(ctx, testSet, target)
	if err != nil {
		return nil, err
	}
	if err := box.Put(ctx, average.Key, average.Vector{Values: e.stored.Weights}); err != nil {
		return nil, err
	}
	steps := []job.Step{{Name: dataset.Stage, Unit: "buffers", Units: e.set.Buffers()}, {Name: score.Stage, Unit: "rows", Units: e.set.Rows()}}
	all, err := job.Compute[score.Scores](ctx, e.Job, box, steps, func(s beam.Scope) beam.PCollection {
		pieces := dataset.Cut(s, dataset.Load(s, e.RunRef, e.recipe, false, e.Spread(s, beam.CreateList(s, e.set.Shards))))
		return score.Tables(s, e.RunRef, e.recipe, []beam.PCollection{pieces}, average.Start(s, box.Box, average.Layout{Piece: e.Limits.Piece}))
	})
	if err != nil {
		return nil, err
	}
	return tables.ScoresOf(e.model.Model, all.By[testSet], len(e.model.Spec.Outputs)), nil
}

func (e *evaluation) close() {
	if e.test != nil {
		e.test.Close()
	}
}

// prepare makes all checks, in MADlib's order, and returns the name of the output.
func (e *evaluation) prepare(ctx context.Context) (target table.Name, err error) {
	if err := CheckPrecision(e.opt.Precision); err != nil {
		return target, argument.Of(err)
	}
	if e.stored, err = tables.ReadModel(ctx, e.Store, e.opt.Model); err != nil {
		return target, err
	}
	if e.stored, err = e.stored.InPrecision(e.opt.Precision); err != nil {
		return target, err
	}
	trained, err := e.readSummary(ctx)
	if err != nil {
		return target, err
	}
	if e.test, err = tables.OpenPacked(ctx, e.Store, testSet, e.opt.Test); err != nil {
		return target, err
	}
	to := tables.Destination{Store: e.Store, Replace: e.opt.Replace, Reads: tables.NamesWithSummaries(e.opt.Model, e.opt.Test)}
	if target, err = to.Parse(ctx, "output", e.opt.Output); err != nil {
		return target, err
	}
	if err := e.Claim(ctx, "output", target); err != nil {
		return target, err
	}
	if err := e.test.CheckColumns(); err != nil {
		return target, err
	}
	if err := e.test.Variables.CheckTexts(e.stored, "the test table", "run preprocess with --like and the training table"); err != nil {
		return target, err
	}
	if e.set, err = e.test.Shards(ctx, e.Store, testSet, e.stored.Spec, e.PackedPartitions()); err != nil {
		return target, err
	}
	if err := e.test.CheckLabels(e.model.Model, false); err != nil {
		return target, err
	}
	if err := trained.CompareFeatures("the training table", e.test.Variables, "the test table"); err != nil {
		return target, err
	}
	e.warnings = trained.Compare("the training table", e.test.Variables, "the test table")
	return target, e.test.CheckClasses(trained, "the training table")
}

// readSummary reads how the model was compiled and makes it.
func (e *evaluation) readSummary(ctx context.Context) (tables.Variables, error) {
	name, err := tables.ParseName("model", e.opt.Model)
	if err != nil {
		return tables.Variables{}, err
	}
	b, vs, err := tables.ReadSummary(ctx, e.Store, "model", name)
	if err != nil {
		return vs, err
	}
	name = name.WithSuffix(tables.SummarySuffix)
	if b.Col("compile_params") == nil {
		return vs, &table.ColumnError{Table: name, Column: "compile_params", Columns: b.Schema.Names()}
	}
	text, err := b.Col("compile_params").Text(0)
	if err != nil {
		return vs, tables.OfColumn(name, "compile_params", err)
	}
	functions, err := tables.SummaryFunctions(ctx, e.Store, b, text)
	if err != nil {
		return vs, err
	}
	e.recipe = e.OnDevice(recipe.Model{Arch: e.stored.Arch, Compile: text, Functions: functions, Kernels: kernels.Variant()}, 0)
	if e.model, err = e.Load(ctx, e.recipe); err != nil {
		return vs, &table.TableError{Table: name, Err: err}
	}
	return vs, nil
}

// schema is that of the output.
func (e *evaluation) schema() table.Schema {
	if len(tables.MetricNames(e.model.Model, len(e.model.Spec.Outputs))) < 2 {
		return evaluateSchema
	}
	return append(slices.Clone(evaluateSchema),
		table.Column{Name: tables.MetricNamesColumn, Type: table.TextArrayType},
		table.Column{Name: tables.MetricValuesColumn, Type: table.Float64ArrayType})
}

// row is that of the output.
func (e *evaluation) row(s *tables.Scores) (*table.Batch, error) {
	var metrics any
	if names := tables.MetricsType(e.model.Model, e.model.Compile, len(e.model.Spec.Outputs)); names != nil {
		metrics = names
	}
	row := []any{s.LossValue(), s.FirstMetric(), metrics, e.model.Compile.LossText}
	if len(s.Names) > 1 {
		row = append(row, s.Names, s.Values())
	}
	b := table.NewBatch(e.schema())
	return b, b.Append(row...)
}
