package pipelines

import (
	"context"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/params"
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
	// objectTable is where the functions are from, with its schema, "" where no table is given, and functions are the texts of those that the fit has by name.
	objectTable string
	functions   map[string]string
	stored      *tables.Model
	packed      []*tables.Packed
	summary     tables.ModelSummary
	warnings    []string
	anew        bool         // the checkpoint, if there is one, is not gone on from
	training    *fitting.Fit // the training itself, once everything is prepared
}

// prepare makes all checks, reads everything but the rows, and makes f.training of it. It returns the weights that training begins with. The
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
	f.training = &fitting.Fit{
		Job: f.Job, Recipe: made, Model: model, Seed: f.opt.Seed, Sets: sets, Schedule: schedule, Callbacks: callbacks, Target: f.target,
		Anew: f.anew, FilesBelow: f.opt.FilesBelow, Began: began, Started: started, Listener: f.listener(),
		// Training may take long, and an open snapshot is a burden to a database. On engines nobody hears that the tables are read, and
		// snapshots stay open until the fit ends.
		TablesRead: f.closeTables,
	}
	if f.opt.CheckpointEvery > 0 {
		f.training.Identity = f.identity(start)
	}
	return start, nil
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
		Iterations: f.opt.Iterations, ScoreEvery: f.opt.MetricsEvery, StagesPerPipeline: f.opt.IterationsPerJob,
		CheckpointEvery: f.opt.CheckpointEvery, EndAtScores: callbacks.NeedsScores(),
	}.Complete(weights, f.Limits.Stages), nil
}

// replaces says whether the model may be there already.
func (f *fit) replaces() bool { return f.opt.WarmStart || f.opt.Replace }

// warn keeps warnings for the result.
func (f *fit) warn(texts []string) { f.warnings = append(f.warnings, texts...) }
