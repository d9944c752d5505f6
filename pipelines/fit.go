package pipelines

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
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
// One fit at a time may make a model: a second one fails at its start, and names the first.
//
// The same seed, data and shards give the same weights, bit for bit, on every runner and with any number of workers.
func Fit(ctx context.Context, env Env, opt FitOptions) (FitResult, error) {
	result, err := fitFrom(ctx, env, &fit{opt: opt})
	var other *otherFitError
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
	j, err := env.beginOnRunner(ctx, "fit", 0, listeners{watch: &f.clock, kept: f.clock.Kept})
	if err != nil {
		return FitResult{}, err
	}
	defer j.end()
	f.job = j
	defer f.closeTables()
	defer func() { _ = f.closeLogs() }() // where it has failed
	begin, err := f.prepare(ctx)
	if err != nil {
		return FitResult{}, err
	}
	tables := []table.TableSpec{
		{Name: f.target, Schema: modelSchema, Replace: f.replaces()},
		{Name: f.target.WithSuffix(summarySuffix), Schema: f.summary.schema(), Replace: f.replaces()},
	}
	if f.opt.CheckpointEvery > 0 {
		// The model's commit empties the checkpoint, so that nobody goes on from it, also where it cannot be dropped afterwards.
		tables = append(tables, table.TableSpec{Name: f.checkpoint(), Schema: checkpointSchema, Replace: true, Ordered: true})
	}
	out, err := j.Store.Create(ctx, table.CreateOptions{Tables: tables})
	if err != nil {
		return FitResult{}, err
	}
	defer abort(ctx, out)
	end, err := f.train(ctx, begin)
	if err == nil {
		err = f.closeLogs()
	}
	var of scoreReport
	if err == nil {
		of, err = f.write(ctx, out.ID(), end)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // the reason itself, whatever it made fail
	}
	if err != nil {
		return FitResult{}, err
	}
	if err := f.checkClaims(ctx); err != nil {
		return FitResult{}, err
	}
	if err := out.Commit(ctx); err != nil {
		return FitResult{}, err
	}
	if f.opt.CheckpointEvery > 0 {
		f.dropCheckpoint(ctx)
	}
	return f.result(end, of), nil
}

// write writes the model row and the summary row to the output, and returns the report of the iteration whose weights the model has.
func (f *fit) write(ctx context.Context, output string, end course) (of scoreReport, err error) {
	trained, of, err := end.model(ctx)
	if err != nil {
		return of, err
	}
	model := table.NewBatch(modelSchema)
	if err := model.Append(weights.Encode(trained), string(f.stored.arch)); err != nil {
		return of, err
	}
	f.summary.reports, f.summary.of = end.reports, of
	if f.summary.ended, err = f.Store.Now(ctx); err != nil {
		return of, err
	}
	f.warnOfNaN(end.reports)
	f.summary.stopped, f.summary.done = end.stopped, end.done
	summary, err := f.summary.row()
	if err != nil {
		return of, err
	}
	return of, writeRows(ctx, f.Store, output, model, summary)
}

// result is what the summary tells of the iteration whose weights the model has.
func (f *fit) result(end course, of scoreReport) FitResult {
	r := FitResult{
		TrainingLoss: float64(of.Training.Loss), TrainingMetrics: of.Training.named(),
		Iteration: of.Iteration, ResumedAfter: f.resumed, Warnings: f.warnings,
	}
	if end.stopped != "" {
		r.StoppedAfter, r.StopReason = end.done, end.stopped
	}
	if v := of.Validation; v != nil {
		loss := float64(v.Loss)
		r.ValidationLoss, r.ValidationMetrics = &loss, v.named()
	}
	return r
}
