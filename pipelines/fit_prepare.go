package pipelines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/dataset"
)

// The names of a run's datasets.
const (
	trainingSet   = "training"
	validationSet = "validation"
)

// A fit is one call of Fit.
type fit struct {
	*job
	opt      FitOptions
	target   table.Name        // the model
	begun    time.Time         // of this command
	earlier  time.Duration     // that commands before took
	same     map[string]string // identity, where there are checkpoints; guarded by course.mu while tables are read
	resumed  int               // the iteration that this command goes on from; 0: none
	stored   *storedModel
	course   course
	model    *trainer.Model
	fitting  params.Fit
	packed   []*packedTable
	sets     dataset.Sets
	summary  modelSummary
	warnings []string
	clock    fitClock
}

// close releases the tables.
func (f *fit) close() {
	for _, p := range f.packed {
		p.close()
	}
}

// prepare makes all checks and reads everything but the rows. The order of the checks is MADlib's; those that MADlib
// makes only once training has begun come last.
func (f *fit) prepare(ctx context.Context) error {
	if err := f.checkArguments(); err != nil {
		return err
	}
	source, err := f.openPacked(ctx, "source", f.opt.Source)
	if err != nil {
		return err
	}
	var validation *packedTable
	if f.opt.Validation != "" {
		if validation, err = f.openPacked(ctx, "validation", f.opt.Validation); err != nil {
			return err
		}
	}
	if err := f.checkTarget(ctx); err != nil {
		return err
	}
	for _, p := range f.packed {
		if err := p.checkColumns(); err != nil {
			return err
		}
	}
	f.begun = time.Now()
	if f.stored, err = readArchitecture(ctx, f.Store, f.opt.ArchTable, f.opt.ID); err != nil {
		return err
	}
	f.sets = dataset.Sets{}
	if f.sets[trainingSet], err = source.open(ctx, f.Store, f.stored.spec, f.packedPartitions()); err != nil {
		return err
	}
	if validation != nil {
		if f.sets[validationSet], err = validation.open(ctx, f.Store, f.stored.spec, f.packedPartitions()); err != nil {
			return err
		}
		f.warn(source.variables.compare("the source table", validation.variables, "the validation table"))
	}
	if f.course.weights, err = f.startWeights(ctx); err != nil {
		return err
	}
	if err := f.compile(source); err != nil {
		return err
	}
	if f.opt.CheckpointEvery > 0 {
		return f.resume(ctx)
	}
	return nil
}

// checkArguments checks what needs no table.
func (f *fit) checkArguments() error {
	switch {
	case strings.TrimSpace(f.opt.Compile) == "":
		return errors.New("compile parameters are empty; expected at least an optimizer and a loss")
	case f.opt.Iterations < 1:
		return fmt.Errorf("the number of iterations must be at least 1, found %d", f.opt.Iterations)
	case f.opt.IterationsPerJob < 0:
		return fmt.Errorf("the iterations per job must not be negative, found %d", f.opt.IterationsPerJob)
	case f.opt.CheckpointEvery < 0:
		return fmt.Errorf("the iterations from one checkpoint to the next must not be negative, found %d", f.opt.CheckpointEvery)
	case f.opt.MetricsEvery < 0 || f.opt.MetricsEvery > f.opt.Iterations:
		return fmt.Errorf("the metrics frequency must be from 1 to the number of iterations, %d, found %d", f.opt.Iterations, f.opt.MetricsEvery)
	}
	return nil
}

// checkTarget checks that the model and its summary do not exist, or, for a warm start, that they do.
func (f *fit) checkTarget(ctx context.Context) (err error) {
	if f.target, err = parseTable("model", f.opt.Model); err != nil {
		return err
	}
	names := map[string]table.Name{"model": f.target, "model summary": f.target.WithSuffix("_summary")}
	for _, what := range []string{"model", "model summary"} {
		if !f.opt.WarmStart {
			if err := checkAbsent(ctx, f.Store, what, names[what]); err != nil {
				return err
			}
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
func (f *fit) compile(source *packedTable) error {
	compile, err := params.ParseCompile(f.opt.Compile)
	if err != nil {
		return err
	}
	fitting, err := params.ParseFit(f.opt.Fit)
	if err != nil {
		return err
	}
	f.fitting = *fitting
	if f.model, err = trainer.New(trainer.Config{Spec: f.stored.spec, Compile: *compile}); err != nil {
		return fmt.Errorf("compile_params: %w", err)
	}
	if err := f.model.CheckFit(f.fitting); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	for _, p := range f.packed {
		if err := p.checkLabels(f.model, f.fitting.ClassWeight != nil); err != nil {
			return err
		}
	}
	f.summary = modelSummary{
		source: f.opt.Source, model: f.opt.Model, archTable: f.opt.ArchTable, id: f.opt.ID,
		variables: source.variables, compile: f.opt.Compile, fit: f.opt.Fit, iterations: f.opt.Iterations,
		validation: f.opt.Validation, frequency: f.opt.MetricsEvery, name: f.opt.Name, description: f.opt.Description,
		weights: f.stored.spec.NumWeights, started: f.begun, numClasses: outputWidths(f.stored.spec),
		metricNames: metricLabels(f.model, len(f.stored.spec.Outputs)), metricsType: metricsType(f.model, compile, len(f.stored.spec.Outputs)), lossType: compile.LossText,
	}
	if f.summary.frequency == 0 {
		f.summary.frequency = f.opt.Iterations
	}
	f.clock.start(f)
	return nil
}

// scored reports whether metrics are computed after an iteration.
func (f *fit) scored(iteration int) bool {
	return iteration%f.summary.frequency == 0 || iteration == f.opt.Iterations
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
