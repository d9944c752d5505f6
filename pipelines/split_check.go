package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/split"
)

// prepareSplit checks the arguments in MADlib's order and opens the source.
func prepareSplit(ctx context.Context, j *job.Job, opt SplitOptions) (*splitJob, error) {
	p := &splitJob{Job: j}
	if err := p.checkOutputs(ctx, opt); err != nil {
		return nil, err
	}
	var err error
	if p.snap, err = tables.OpenInput(ctx, j.Store, "source", opt.Source); err != nil {
		return nil, err
	}
	if err := p.check(opt); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// checkOutputs finds the tables to write. With Separate ROOT is no table.
func (p *splitJob) checkOutputs(ctx context.Context, opt SplitOptions) error {
	root, err := tables.ParseName("output", opt.Root)
	if err != nil {
		return err
	}
	p.outputs = []table.Name{root}
	if opt.Separate {
		p.outputs = []table.Name{root.WithSuffix("_train"), root.WithSuffix("_test")}
	}
	to := tables.Destination{Store: p.Store, Replace: opt.Replace, Reads: tables.Names(opt.Source)}
	for _, name := range p.outputs {
		if err := to.Check(ctx, "output", name); err != nil {
			return err
		}
	}
	return p.Claim(ctx, "output", p.outputs...)
}

// check is prepareSplit with the source open.
func (p *splitJob) check(opt SplitOptions) error {
	if err := checkProportion("training", opt.Train); err != nil {
		return err
	}
	test := split.Rest(opt.Train)
	if opt.Test != nil {
		test = *opt.Test
	}
	if err := checkProportion("test", test); err != nil {
		return err
	}
	if sum := opt.Train + test; sum > 1 {
		return argument.Errorf("the training and test proportions, %v and %v, add up to %v; at most 1 is possible", opt.Train, test, sum)
	}
	info := p.snap.Info()
	p.options = split.Options{
		Ref: p.StoreRef, Source: info.Name, Rows: info.Rows, Seed: opt.Seed, Separate: opt.Separate, Spread: p.Limits.Elsewhere,
		Proportions: split.Proportions{Train: opt.Train, Test: test, WithReplacement: opt.WithReplacement},
	}
	p.replace = opt.Replace
	return p.checkColumns(opt)
}

// checkColumns finds the strata and the columns of the output: the strata first, then the columns asked for, or all
// others.
func (p *splitJob) checkColumns(opt SplitOptions) error {
	info := p.snap.Info()
	if strings.TrimSpace(opt.Strata) != "" {
		names, err := table.ParseColumns(opt.Strata)
		if err != nil {
			return argument.Errorf("strata: %w", err)
		}
		if p.options.Columns, err = tables.Select(info, names); err != nil {
			return fmt.Errorf("strata: %w", err)
		}
		p.options.Strata, p.options.Proportions.Strata = names, true
	}
	rest := info.Schema
	if text := strings.TrimSpace(opt.Columns); text != "" && text != "*" {
		names, err := table.ParseColumns(text)
		if err != nil {
			return argument.Errorf("columns: %w", err)
		}
		if rest, err = tables.Select(info, names); err != nil {
			return fmt.Errorf("columns: %w", err)
		}
		for _, name := range names {
			if slices.Contains(p.options.Strata, name) {
				return argument.Errorf("columns: column %q is one of the strata already, which come first in the output", name)
			}
		}
	}
	for _, c := range rest {
		if !slices.Contains(p.options.Strata, c.Name) {
			p.options.Columns = append(p.options.Columns, c)
		}
	}
	if err := p.options.Schema().Check(); err != nil {
		return fmt.Errorf("the output cannot have these columns besides %q (separate tables do without that): %w", split.SplitColumn, err)
	}
	return nil
}

func checkProportion(of string, x float64) error {
	if !(x > 0 && x < 1) {
		return argument.Errorf("the %s proportion must be between 0 and 1, both excluded, found %v", of, x)
	}
	return nil
}
