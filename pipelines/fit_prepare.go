package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// The names of a run's datasets.
const (
	trainingSet   = dataset.Training
	validationSet = "validation"
)

// A fit is one call of Fit: what was asked for, and what was found before training began. It changes no more then; how far training is
// says a course.
type fit struct {
	*job
	opt    FitOptions
	target table.Name // the model
	// objectTable is where the functions are from, as typed, and functions are the texts of those that the fit has by name.
	objectTable string
	functions   map[string]string
	begun       time.Time // of this command
	started     time.Time // the same by the store's clock
	stored      *storedModel
	recipe      recipe.Model
	model       *recipe.Loaded
	packed      []*packedTable
	sets        []*dataset.Set // the training table, and that for validation where there is one
	schedule    schedule
	summary     modelSummary
	warnings    []string
	clock       fitClock
	digests     bool // shards have their digests once they are read

	callbacks *callback.List
	files     []openLog // of callbacks

	// With checkpoints:
	same    map[string]string // identity
	resumed int               // the iteration that this command goes on from; 0: none
	earlier time.Duration     // that commands before took
	anew    bool              // the checkpoint, if there is one, is not gone on from
}

// training is the training table.
func (f *fit) training() *dataset.Set { return f.sets[0] }

// closeTables releases the tables.
func (f *fit) closeTables() {
	for _, p := range f.packed {
		p.close()
	}
}

// prepare makes all checks and reads everything but the rows. It returns the course that training begins with. The order of the
// checks is MADlib's; those that MADlib makes only once training has begun come last.
func (f *fit) prepare(ctx context.Context) (course, error) {
	if err := f.checkArguments(); err != nil {
		return course{}, argument(err)
	}
	source, err := f.openPacked(ctx, "source", f.opt.Source)
	if err != nil {
		return course{}, err
	}
	var validation *packedTable
	if f.opt.Validation != "" {
		if validation, err = f.openPacked(ctx, "validation", f.opt.Validation); err != nil {
			return course{}, err
		}
	}
	if err := f.readFunctions(ctx); err != nil {
		return course{}, err
	}
	if err := f.checkTarget(ctx); err != nil {
		return course{}, err
	}
	if err := f.claim(ctx, "model", f.target); err != nil {
		return course{}, err
	}
	for _, p := range f.packed {
		if err := p.checkColumns(); err != nil {
			return course{}, err
		}
	}
	f.begun = time.Now()
	if f.started, err = f.Store.Now(ctx); err != nil {
		return course{}, err
	}
	if f.stored == nil {
		if f.stored, err = readArchitecture(ctx, f.Store, f.opt.ArchTable, f.opt.ID); err != nil {
			return course{}, err
		}
	}
	f.stored, err = f.stored.closed(func() ([][]int, error) { return source.inputShapes(ctx, f.Store) })
	if err != nil {
		return course{}, err
	}
	if err := f.openSets(ctx, source, validation); err != nil {
		return course{}, err
	}
	start, err := f.startWeights(ctx)
	if err != nil {
		return course{}, err
	}
	if err := f.compile(ctx, source); err != nil {
		return course{}, err
	}
	f.schedule = newSchedule(f.opt, f.callbacks.NeedsScores(), len(start), f.limits.iterations)
	f.summary.frequency = f.schedule.ScoreEvery
	f.digests = f.opt.CheckpointEvery > 0 || f.remote // tables may be read again
	f.startClock()
	begin, err := f.resume(ctx, start)
	if err != nil {
		return course{}, err
	}
	return begin, f.openLogs()
}

// replaces says whether the model may be there already.
func (f *fit) replaces() bool { return f.opt.WarmStart || f.opt.Replace }

// openSets finds the shards of the tables.
func (f *fit) openSets(ctx context.Context, source, validation *packedTable) error {
	set, err := source.open(ctx, f.Store, trainingSet, f.stored.spec, f.packedPartitions())
	if err != nil {
		return err
	}
	f.sets = []*dataset.Set{set}
	if validation == nil {
		return nil
	}
	if set, err = validation.open(ctx, f.Store, validationSet, f.stored.spec, f.packedPartitions()); err != nil {
		return err
	}
	f.sets = append(f.sets, set)
	if err := source.variables.compareFeatures("the source table", validation.variables, "the validation table"); err != nil {
		return err
	}
	f.warn(source.variables.compare("the source table", validation.variables, "the validation table"))
	return validation.checkClasses(source.variables, "the source table")
}

// startClock makes the clock ready.
func (f *fit) startClock() {
	p := clockPlan{
		schedule: f.schedule, quiet: f.model.Fit.Verbose == 0, report: f.report, reportOf: f.reportOf,
		loaded: f.closeTables, // training may take long, and an open snapshot is a burden to a database
	}
	for _, shard := range f.training().Shards {
		p.trained += rowsOf(f.model.Fit, shard.Rows)
	}
	for _, set := range f.sets {
		p.scored += set.Rows()
	}
	f.clock.start(p)
}

// rowsOf is the number of rows that a shard of so many rows trains on in an iteration, all passes together.
func rowsOf(p *params.Fit, rows int) int64 {
	if steps := p.StepsPerEpoch; steps > 0 {
		rows = min(rows, steps*p.BatchSize)
	}
	return int64(rows) * int64(p.Epochs-p.InitialEpoch)
}

// checkArguments checks what needs no table: a mistake in a text must not cost a walk over one.
func (f *fit) checkArguments() error {
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
	compile, err := params.ParseCompile(f.opt.Compile)
	if err != nil {
		return err
	}
	if own := trainer.Functions(*compile); len(own) > 0 && f.opt.Functions == "" && !f.opt.WarmStart {
		return f.unknownFunction(compile, own[0])
	}
	fit, err := params.ParseFit(f.opt.Fit)
	if err != nil {
		return err
	}
	if err := callback.Check(fit.Callbacks); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if f.opt.Arch == nil {
		return nil
	}
	if f.opt.ArchTable != "" || f.opt.ID != 0 {
		return errors.New("the network is given twice: as JSON and from an architecture table")
	}
	f.stored, err = newArchitecture(f.opt.Arch)
	return dataArgument(err)
}

// checkTarget checks that the model and its summary may be written, and, for a warm start, that they exist.
func (f *fit) checkTarget(ctx context.Context) (err error) {
	if f.target, err = parseTable("model", f.opt.Model); err != nil {
		return err
	}
	to := destination{
		store: f.Store, replace: f.replaces(),
		reads: append(named(f.opt.ArchTable, f.opt.Functions), withSummaries(f.opt.Source, f.opt.Validation)...),
	}
	names := map[string]table.Name{"model": f.target, "model summary": f.target.WithSuffix(summarySuffix)}
	for _, what := range []string{"model", "model summary"} {
		if err := to.check(ctx, what, names[what]); err != nil {
			return err
		}
		if !f.opt.WarmStart {
			continue
		}
		snap, err := openTable(ctx, f.Store, what, names[what])
		if err != nil {
			return fmt.Errorf("warm start: %w", err)
		}
		if err := snap.Close(); err != nil {
			return err
		}
	}
	return nil
}

// compile reads the parameters, makes the model and fills in the summary.
func (f *fit) compile(ctx context.Context, source *packedTable) (err error) {
	f.recipe = recipe.Model{Arch: f.stored.arch, Compile: f.opt.Compile, Fit: f.opt.Fit, Functions: f.functions, Kernels: kernels.Variant()}
	if f.recipe.ClassWeight, err = f.classWeights(source); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if f.model, err = f.recipe.Load(ctx, f.run); err != nil {
		return err
	}
	if err := f.model.CheckFit(*f.model.Fit); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	if w := source.variables.weight; w != nil && f.model.Fit.ClassWeight != nil {
		return fmt.Errorf("fit_params: class_weight does not go together with the weights of rows, which the source table has in column %q", w.column)
	}
	if err := f.makeCallbacks(); err != nil {
		return err
	}
	for _, p := range f.packed {
		if err := p.checkLabels(f.model.Model, f.model.Fit.ClassWeight != nil); err != nil {
			return err
		}
	}
	spec, compile := f.model.Spec, f.model.Compile
	f.warn(nothingToTrain(spec))
	f.summary = modelSummary{
		source: f.opt.Source, model: f.opt.Model, archTable: f.opt.ArchTable, id: f.opt.ID,
		variables: source.variables, compile: f.opt.Compile, fit: f.opt.Fit, iterations: f.opt.Iterations,
		validation: f.opt.Validation, objectTable: f.objectTable, name: f.opt.Name, description: f.opt.Description,
		weights: spec.NumWeights, started: f.started, numClasses: outputWidths(spec),
		metricNames: metricLabels(f.model.Model, len(spec.Outputs)), metricsType: metricsType(f.model.Model, compile, len(spec.Outputs)), lossType: compile.LossText,
		withCallbacks: f.callbacks.NeedsScores(),
	}
	return nil
}

// nothingToTrain says what of a model training cannot change.
func nothingToTrain(spec *keras.Spec) (warnings []string) {
	if !slices.ContainsFunc(spec.Weights, func(w *keras.Weight) bool { return w.Trainable }) {
		warnings = append(warnings, "no weight of the model is trainable: fit changes none")
	}
	for i, name := range spec.OutputNames() {
		if shape := spec.OutputShapes()[i]; shape[len(shape)-1] == 1 && spec.OutputActivation(i) == "softmax" {
			warnings = append(warnings, fmt.Sprintf("output %q is the softmax of one unit, which is 1 whatever the weights are: nothing is trained "+
				"for it; a sigmoid tells two classes apart", name))
		}
	}
	return warnings
}

// warn keeps warnings for the result.
func (f *fit) warn(texts []string) { f.warnings = append(f.warnings, texts...) }

// outputWidths are the numbers of classes of the model's outputs.
func outputWidths(spec *keras.Spec) []int {
	var widths []int
	for _, t := range spec.Outputs {
		shape := spec.Tensors[t].Shape
		widths = append(widths, shape[len(shape)-1])
	}
	return widths
}
