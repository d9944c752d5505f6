package pipelines

import (
	"context"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/holdout"
	"github.com/beamfit/beamfit/transforms/pack"
)

// A heldTable is the packed table of the rows that a Preprocess holds out for validation.
type heldTable struct {
	choice          holdout.Choice
	output, summary table.Name
}

// checkValidation checks the arguments of rows that are held out.
func (opt PreprocessOptions) checkValidation() error {
	switch {
	case opt.ValidationShare == nil && opt.ValidationOutput == "":
		return nil
	case opt.ValidationShare == nil:
		return argument.Errorf("validation table %s: the share of the rows that it gets is missing; expected a number between 0 and 1", opt.ValidationOutput)
	case opt.Like != "":
		return argument.Errorf("a validation share holds rows out of training rows; the rows here are packed like those of %s and are not trained on", opt.Like)
	}
	if err := holdout.CheckShare(*opt.ValidationShare); err != nil {
		return argument.Of(err)
	}
	if opt.ValidationOutput == "" {
		return argument.Errorf("a validation share of %v: the name of the table that gets these rows is missing", *opt.ValidationShare)
	}
	return nil
}

// findHeld checks the table of the rows that are held out, and which rows these are. The other output is known.
func (p *packJob) findHeld(ctx context.Context, to tables.Destination) error {
	if p.opt.ValidationShare == nil {
		return nil
	}
	output, err := tables.ParseName("validation output", p.opt.ValidationOutput)
	if err != nil {
		return err
	}
	p.held = &heldTable{
		choice: holdout.Choice{Rows: p.snap.Info().Rows, Share: *p.opt.ValidationShare, Seed: p.opt.Seed},
		output: output, summary: output.WithSuffix(tables.SummarySuffix),
	}
	for _, name := range []table.Name{p.held.output, p.held.summary} {
		if slices.Contains([]table.Name{p.output, p.summary}, name) {
			return argument.Errorf("table %s would be written twice; expected another name for the validation table", name)
		}
		if err := to.Check(ctx, "validation output", name); err != nil {
			return err
		}
	}
	if err := p.Claim(ctx, "validation output", p.held.output, p.held.summary); err != nil {
		return err
	}
	if err := p.held.choice.Check(); err != nil {
		return &table.TableError{Table: p.snap.Info().Name, Err: err}
	}
	return nil
}

// planHeld decides the buffers of the rows that are held out. elements are as in pack.BufferSize.
func (p *packJob) planHeld(ctx context.Context, plan *pack.Plan, parts []table.Partition, elements []int64) error {
	if p.held == nil {
		return nil
	}
	firsts := make([]int64, len(parts))
	for i, part := range parts {
		firsts[i] = part.FirstRow
	}
	marks, err := p.held.choice.Mark(ctx, firsts, p.Workers)
	if err != nil {
		return err
	}
	training, held := p.held.choice.Counts()
	plan.Rows = training
	plan.Held = &pack.Held{Marks: marks, BufferSize: pack.BufferSize(held, plan.Shards, p.bufferSize, elements)}
	return nil
}
