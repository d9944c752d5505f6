package pipelines

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// Fit trains a model on a packed table: MADlib's madlib_keras_fit. It writes the model table and its summary, together
// and only when training has ended well. With WarmStart, which goes on from the model, and with Replace, which trains anew, they take
// the place of those that exist.
//
// In every iteration all shards train from the same weights, each for as many passes as the epochs of fit_params, and
// then their weights are averaged by rows. Optimizer state stays with its shard for the whole call. Metrics are computed
// over the whole training table, and over the whole validation table where there is one.
//
// With CheckpointEvery a fit that was stopped, in whatever way, goes on from its last checkpoint when it is called again, and gives
// the weights that it would have given. A checkpoint of another fit, of other rows for instance, is an error; with Replace it is a
// warning, and training begins at the beginning.
//
// Callbacks of fit_params act on the averaged weights after iterations that are scored; they may end the fit, set the learning rate, and make the
// model that of the best iteration.
//
// FitOptions say how the averages may differ from MADlib's rule: sooner, after a warm-up, by another rule (package rounds).
//
// One fit at a time may make a model: a second one fails at its start, and names the first.
//
// The same seed, data and shards give the same weights, bit for bit, on every runner and with any number of workers.
func Fit(ctx context.Context, env Env, opt FitOptions) (FitResult, error) {
	result, err := fitFrom(ctx, env, &fit{opt: opt})
	var other *fitting.OtherFitError
	if !opt.Replace || !errors.As(err, &other) {
		return result, err
	}
	warning := fmt.Sprintf("%v; training began at the beginning", err)
	result, err = fitFrom(ctx, env, &fit{opt: opt, anew: true})
	result.Warnings = append([]string{warning}, result.Warnings...)
	return result, err
}

// fitFrom is Fit, from a checkpoint or not.
func fitFrom(ctx context.Context, env Env, f *fit) (FitResult, error) {
	options, events := env.options("fit", 0)
	j, err := job.BeginOnRunner(ctx, options)
	if err != nil {
		return FitResult{}, err
	}
	defer j.End()
	f.Job, f.tell = j, events
	defer f.closeTables()
	start, err := f.prepare(ctx)
	if err != nil {
		return FitResult{}, err
	}
	defer f.training.End()
	begin, err := f.training.Begin(ctx, start)
	if err != nil {
		return FitResult{}, err
	}
	opt := table.CreateOptions{Tables: []table.TableSpec{
		{Name: f.target, Schema: tables.ModelSchema, Replace: f.replaces()},
		{Name: f.target.WithSuffix(tables.SummarySuffix), Schema: f.summary.Schema(), Replace: f.replaces()},
	}}
	if f.opt.CheckpointEvery > 0 {
		opt.Removes = []table.Name{fitting.CheckpointTable(f.target)}
	}
	out, err := j.Store.Create(ctx, opt)
	if err != nil {
		return FitResult{}, err
	}
	defer tables.Abort(ctx, out)
	end, err := f.training.Train(ctx, begin)
	var of tables.Report
	if err == nil {
		of, err = f.write(ctx, out.ID(), end)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // the reason itself, whatever it made fail
	}
	if err != nil {
		return FitResult{}, err
	}
	if err := f.CheckClaims(ctx); err != nil {
		return FitResult{}, err
	}
	if err := out.Commit(ctx); err != nil {
		return FitResult{}, err
	}
	return f.result(end, of), nil
}

// write writes the model row and the summary row to the output, and returns the report of the iteration whose weights the model has.
func (f *fit) write(ctx context.Context, output string, end fitting.Course) (of tables.Report, err error) {
	trained, of, err := end.Model(ctx)
	if err != nil {
		return of, err
	}
	model := table.NewBatch(tables.ModelSchema)
	if err := model.Append(weights.Encode(trained), string(f.stored.Arch)); err != nil {
		return of, err
	}
	f.summary.Started, f.summary.Reports, f.summary.Of = f.training.Started, end.Reports, of
	if f.summary.Ended, err = f.Store.Now(ctx); err != nil {
		return of, err
	}
	f.warnOfNaN(end.Reports)
	f.summary.Stopped, f.summary.Done = end.Stopped, end.Done
	if f.summary.Rounds != nil {
		f.summary.Rounds.TailKept = end.TailKept()
	}
	summary, err := f.summary.Row()
	if err != nil {
		return of, err
	}
	return of, tables.WriteRows(ctx, f.Store, output, model, summary)
}

// result is what the summary tells of the iteration whose weights the model has.
func (f *fit) result(end fitting.Course, of tables.Report) FitResult {
	r := FitResult{
		TrainingLoss: float64(of.Training.Loss), TrainingMetrics: namedValues(of.Training),
		Iteration: of.Iteration, ResumedAfter: f.training.Resumed, Warnings: f.warnings, Tail: end.Tail,
	}
	if end.Stopped != "" {
		r.StoppedAfter, r.StopReason = end.Done, end.Stopped
	}
	if v := of.Validation; v != nil {
		loss := float64(v.Loss)
		r.ValidationLoss, r.ValidationMetrics = &loss, namedValues(v)
	}
	return r
}
