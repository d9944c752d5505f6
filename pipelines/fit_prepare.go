package pipelines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A fit is one call of Fit: what was asked for, and what is found before training begins.
type fit struct {
	*job.Job
	opt     FitOptions
	tell    func(Event)
	compile *params.Compile // of opt.Compile
	params  *params.Fit     // of opt.Fit
	target  table.Name      // the model
	// objectTable is where the functions are from, as typed, and functions are the texts of those that the fit has by name.
	objectTable string
	functions   map[string]string
	stored      *tables.Model
	packed      []*tables.Packed
	summary     tables.ModelSummary
	warnings    []string
	anew        bool         // the checkpoint, if there is one, is not gone on from
	work        *fitting.Fit // the training itself, once everything is prepared
}

// closeTables releases the tables.
func (f *fit) closeTables() {
	for _, p := range f.packed {
		p.Close()
	}
}

// prepare makes all checks, reads everything but the rows, and makes f.work of it. It returns the weights that training begins with. The
// order of the checks is MADlib's; those that MADlib makes only once training has begun come last.
func (f *fit) prepare(ctx context.Context) (start []float32, err error) {
	if err := f.checkArguments(); err != nil {
		return nil, argument.Of(err)
	}
	source, validation, err := f.openTables(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	started, err := f.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.readNetwork(ctx, source); err != nil {
		return nil, err
	}
	sets, err := f.openSets(ctx, source, validation)
	if err != nil {
		return nil, err
	}
	if start, err = f.startWeights(ctx); err != nil {
		return nil, err
	}
	made, model, err := f.makeModel(ctx, source, len(sets[0].Shards))
	if err != nil {
		return nil, err
	}
	callbacks, err := f.makeCallbacks(model, validation != nil)
	if err != nil {
		return nil, err
	}
	if err := f.checkModel(made, model); err != nil {
		return nil, err
	}
	schedule, err := f.schedule(model, callbacks, sets, len(start))
	if err != nil {
		return nil, err
	}
	f.summary = f.summarize(source, model, callbacks, schedule)
	f.work = &fitting.Fit{
		Job: f.Job, Recipe: made, Model: model, Seed: f.opt.Seed, Sets: sets, Schedule: schedule, Callbacks: callbacks, Target: f.target,
		Anew: f.anew, FilesBelow: f.opt.FilesBelow, Began: began, Started: started, Listener: f.listener(),
		// Training may take long, and an open snapshot is a burden to a database. On engines nobody hears that the tables are read, and
		// snapshots stay open until the fit ends.
		Loaded: f.closeTables,
	}
	if f.opt.CheckpointEvery > 0 {
		f.work.Identity = f.identity(start)
	}
	return start, nil
}

// openTables opens the tables of rows, reads the user's functions, and claims the model's name. validation is nil where there is no such table.
func (f *fit) openTables(ctx context.Context) (source, validation *tables.Packed, err error) {
	if source, err = f.openTable(ctx, "source", f.opt.Source); err != nil {
		return nil, nil, err
	}
	if f.opt.Validation != "" {
		if validation, err = f.openTable(ctx, "validation", f.opt.Validation); err != nil {
			return nil, nil, err
		}
	}
	if err := f.readFunctions(ctx); err != nil {
		return nil, nil, err
	}
	if err := f.checkTarget(ctx); err != nil {
		return nil, nil, err
	}
	if err := f.Claim(ctx, "model", f.target); err != nil {
		return nil, nil, err
	}
	for _, p := range f.packed {
		if err := p.CheckColumns(); err != nil {
			return nil, nil, err
		}
	}
	return source, validation, nil
}

// readNetwork reads the network where it was not given, in the shapes of the rows and the precision that was asked for.
func (f *fit) readNetwork(ctx context.Context, source *tables.Packed) (err error) {
	if f.stored == nil {
		if f.stored, err = tables.ReadArchitecture(ctx, f.Store, f.opt.ArchTable, f.opt.ID); err != nil {
			return err
		}
	}
	if err := f.checkTexts(); err != nil {
		return err
	}
	f.stored, err = f.stored.Built(func() ([][]int, error) { return source.InputShapes(ctx, f.Store) })
	if err != nil {
		return err
	}
	f.stored, err = f.stored.InPrecision(f.opt.Precision)
	return err
}

// schedule plans the iterations, and checks that the runner can average so many weights.
func (f *fit) schedule(model *recipe.Loaded, callbacks *callback.List, sets []*dataset.Set, weights int) (fitting.Schedule, error) {
	plan, err := f.planRounds(model, callbacks, sets)
	if err != nil {
		return fitting.Schedule{}, err
	}
	vectors := 1
	if plan.Rule.HasMomentum() {
		vectors++
	}
	if err := f.CheckWeights(weights, vectors); err != nil {
		return fitting.Schedule{}, err
	}
	return fitting.Schedule{
		Rounds:     plan,
		Iterations: f.opt.Iterations, ScoreEvery: f.opt.MetricsEvery, PerPipeline: f.opt.IterationsPerJob,
		CheckpointEvery: f.opt.CheckpointEvery, EndAtScores: callbacks.NeedsScores(),
	}.Complete(weights, f.Limits.Iterations), nil
}

// replaces says whether the model may be there already.
func (f *fit) replaces() bool { return f.opt.WarmStart || f.opt.Replace }

// openSets finds the shards of the tables: those of the training table, and of that for validation where there is one.
func (f *fit) openSets(ctx context.Context, source, validation *tables.Packed) ([]*dataset.Set, error) {
	training, err := source.Shards(ctx, f.Store, fitting.TrainingSet, f.stored.Spec, f.PackedPartitions())
	if err != nil {
		return nil, err
	}
	if validation == nil {
		return []*dataset.Set{training}, nil
	}
	second, err := validation.Shards(ctx, f.Store, fitting.ValidationSet, f.stored.Spec, f.PackedPartitions())
	if err != nil {
		return nil, err
	}
	if err := source.Variables.CompareFeatures("the source table", validation.Variables, "the validation table"); err != nil {
		return nil, err
	}
	f.warn(source.Variables.Compare("the source table", validation.Variables, "the validation table"))
	return []*dataset.Set{training, second}, validation.CheckClasses(source.Variables, "the source table")
}

// listener makes events of what a fit tells.
func (f *fit) listener() fitting.Listener {
	return fitting.Listener{
		Rows: func(stage string, done, total int64) {
			f.tell(Event{Stage: stage, Unit: "rows", Done: done, Total: total})
		},
		Iterated: func(e fitting.Iteration) {
			f.tell(Event{Stage: TrainingStage, Unit: "iterations", Done: int64(e.Number), Total: int64(e.Of), Iteration: reportOf(e)})
		},
		Noted: func(text string) { f.tell(Event{Stage: callbacksStage, Note: text}) },
	}
}

// checkArguments checks what needs no table, and reads the texts: a mistake in one must not cost a walk over a table.
func (f *fit) checkArguments() (err error) {
	switch {
	case strings.TrimSpace(f.opt.Compile) == "":
		return errors.New("compile parameters are empty; expected at least an optimizer and a loss")
	case f.opt.WarmStart && f.opt.Replace:
		return errors.New("a warm start goes on from the model and replaces it, replace trains anew: expected one of them")
	case f.opt.Iterations < 1:
		return fmt.Errorf("the number of iterations must be at least 1, found %d", f.opt.Iterations)
	case f.opt.IterationsPerJob < 0:
		return fmt.Errorf("the iterations per job must not be negative, found %d", f.opt.IterationsPerJob)
	case f.opt.CheckpointEvery < 0:
		return fmt.Errorf("the iterations from one checkpoint to the next must not be negative, found %d", f.opt.CheckpointEvery)
	case f.opt.MetricsEvery < 0 || f.opt.MetricsEvery > f.opt.Iterations:
		return fmt.Errorf("the metrics frequency must be from 1 to the number of iterations, %d, found %d", f.opt.Iterations, f.opt.MetricsEvery)
	}
	if err := f.opt.rounds().Check(); err != nil {
		return err
	}
	if err := CheckPrecision(f.opt.Precision); err != nil {
		return err
	}
	if f.compile, err = params.ParseCompile(f.opt.Compile); err != nil {
		return err
	}
	notice, err := optimizer.CheckOrder(f.compile.Optimizer)
	if err != nil {
		return fmt.Errorf("compile_params: %w", err)
	}
	if notice != "" {
		f.warn([]string{"compile_params: " + notice})
	}
	if _, err := optimizer.New(f.compile.Optimizer); err != nil {
		return fmt.Errorf("compile_params: %w", err)
	}
	if own := trainer.Functions(*f.compile); len(own) > 0 && f.opt.Functions == "" && !f.opt.WarmStart {
		return f.unknownFunction(own[0])
	}
	if f.params, err = params.ParseFit(f.opt.Fit); err != nil {
		return err
	}
	if err := callback.Check(f.params.Callbacks); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if f.opt.Arch == nil {
		return nil
	}
	if f.opt.ArchTable != "" || f.opt.ID != 0 {
		return errors.New("the network is given twice: as JSON and from an architecture table")
	}
	f.stored, err = tables.ModelOfJSON(f.opt.Arch)
	return argument.Data(err)
}

// checkTarget checks that the model and its summary may be written, and, for a warm start, that they exist.
func (f *fit) checkTarget(ctx context.Context) (err error) {
	if f.target, err = tables.ParseName("model", f.opt.Model); err != nil {
		return err
	}
	to := tables.Destination{
		Store: f.Store, Replace: f.replaces(),
		Reads: append(tables.Names(f.opt.ArchTable, f.opt.Functions), tables.NamesWithSummaries(f.opt.Source, f.opt.Validation)...),
	}
	names := map[string]table.Name{"model": f.target, "model summary": f.target.WithSuffix(tables.SummarySuffix)}
	for _, what := range []string{"model", "model summary"} {
		if err := to.Check(ctx, what, names[what]); err != nil {
			return err
		}
		if !f.opt.WarmStart {
			continue
		}
		snap, err := tables.Open(ctx, f.Store, what, names[what])
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		if err := snap.Close(); err != nil {
			return err
		}
	}
	return nil
}

// warn keeps warnings for the result.
func (f *fit) warn(texts []string) { f.warnings = append(f.warnings, texts...) }
