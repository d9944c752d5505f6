package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/dataset"
)

// closeTables releases the tables.
func (f *fit) closeTables() {
	for _, p := range f.packed {
		p.Close()
	}
}

// openTables opens the tables of rows, reads the user's functions, and claims the names of all tables that the fit writes. validation is nil where there is no such table.
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
	if err := f.claim(ctx); err != nil {
		return nil, nil, err
	}
	for _, p := range f.packed {
		if err := p.CheckColumns(); err != nil {
			return nil, nil, err
		}
	}
	return source, validation, nil
}

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

// claim keeps the names of all tables that the fit writes.
func (f *fit) claim(ctx context.Context) error {
	names := []table.Name{f.target, f.target.WithSuffix(tables.SummarySuffix)}
	if f.opt.CheckpointEvery > 0 {
		names = append(names, fitting.CheckpointTable(f.target))
	}
	return f.Claim(ctx, "model", names...)
}

// openTable opens a packed table of this call.
func (f *fit) openTable(ctx context.Context, what, text string) (*tables.Packed, error) {
	p, err := tables.OpenPacked(ctx, f.Store, what, text)
	if err == nil {
		f.packed = append(f.packed, p)
	}
	return p, err
}

// checkTexts checks that the tables have the numbers that the model makes of text.
func (f *fit) checkTexts() error {
	advice := "run preprocess with --arch and --id of the model"
	if f.opt.ArchTable != "" {
		advice = fmt.Sprintf("run preprocess with --arch %s --id %d", f.opt.ArchTable, f.opt.ID)
	}
	for _, p := range f.packed {
		if err := p.Variables.CheckTexts(f.stored, "the "+p.What+" table", advice); err != nil {
			return err
		}
	}
	return nil
}
