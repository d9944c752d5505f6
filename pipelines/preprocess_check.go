package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/pack"
)

// preparePacking checks the arguments in MADlib's order and opens the source.
func preparePacking(ctx context.Context, j *job.Job, opt PreprocessOptions) (_ *packJob, err error) {
	p := &packJob{Job: j, opt: opt, normalize: 1}
	if err := opt.checkValidation(); err != nil {
		return nil, err
	}
	if err := opt.checkArch(); err != nil {
		return nil, err
	}
	if opt.Like != "" {
		if opt.Normalize != nil || opt.NumClasses != nil || opt.LabelTypes != nil {
			return nil, argument.Errorf("the normalizing constant, the numbers of classes and the label types come from the training table; they cannot be given beside it")
		}
		if p.like, err = openLike(ctx, j.Store, opt.Like); err != nil {
			return nil, err
		}
	}
	if p.arch, err = readArchInputs(ctx, j.Store, opt); err != nil {
		return nil, err
	}
	if p.snap, err = tables.OpenInput(ctx, j.Store, "source", opt.Source); err != nil {
		return nil, err
	}
	if err := p.check(ctx); err != nil {
		err = p.WithID(ctx, p.snap, "", err)
		p.close()
		return nil, err
	}
	return p, nil
}

// check is preparePacking with the source open.
func (p *packJob) check(ctx context.Context) error {
	to := tables.Destination{
		Store: p.Store, Replace: p.opt.Replace,
		Reads: append(tables.Names(p.opt.Source, p.opt.ArchTable, p.opt.distributionTable()), tables.NamesWithSummaries(p.opt.Like)...),
	}
	var err error
	if p.output, err = to.Parse(ctx, "output", p.opt.Output); err != nil {
		return err
	}
	p.summary = p.output.WithSuffix(tables.SummarySuffix)
	if err := to.Check(ctx, "output summary", p.summary); err != nil {
		return err
	}
	if err := p.Claim(ctx, "output", p.output, p.summary); err != nil {
		return err
	}
	if err := p.findHeld(ctx, to); err != nil {
		return err
	}
	if p.independents, err = p.inputs(); err != nil {
		return err
	}
	if p.dependents, err = p.labels(); err != nil {
		return err
	}
	if err := p.findWeight(); err != nil {
		return err
	}
	if err := p.markNumeric(); err != nil {
		return err
	}
	if err := p.checkNumbers(); err != nil {
		return argument.Of(err)
	}
	if err := p.distribute(ctx); err != nil {
		return err
	}
	if err := p.checkTypes(); err != nil {
		return err
	}
	if err := tables.ReadShapes(ctx, p.Store, p.snap, p.arrayColumns()); err != nil {
		return err
	}
	if err := p.checkInputShapes(false); err != nil {
		return err
	}
	if p.like != nil {
		if err := p.like.check(p.dependents, p.independents); err != nil {
			return err
		}
		p.normalize = p.like.normalize
	}
	return p.checkNames()
}

// inputs finds the independent variables in the source.
func (p *packJob) inputs() ([]packedColumn, error) {
	info := p.snap.Info()
	var inputs []features.Input
	dependents, _ := table.ParseColumns(p.opt.Dependent) // what is wrong with them is told when they are looked for
	weight, _ := table.ParseColumns(p.opt.Weight)
	except := append(dependents, weight...)
	list, err := features.ParseList(p.opt.Independent)
	if l := p.like; l != nil && (p.opt.Independent == "" || l.variables.IsMade() || err == nil && list.HasStar()) {
		if inputs, err = l.variables.IndependentsLike(p.opt.Independent, info, "training table "+l.name.String(), except...); err != nil {
			return nil, fmt.Errorf("independent variables: %w", err)
		}
	} else {
		if err != nil {
			return nil, argument.Errorf("independent variables: %w", err)
		}
		if inputs, err = p.resolve(list, except); err != nil {
			return nil, fmt.Errorf("independent variables: %w", table.OfTable(info.Name, err))
		}
	}
	out := make([]packedColumn, len(inputs))
	for i, in := range inputs {
		out[i] = packedColumn{Column: in.Array, label: in.Label, made: in.Variable}
		if in.Variable != nil {
			out[i].Column = table.Column{Name: in.Variable.Name, Type: table.Float32ArrayType}
		}
	}
	return out, nil
}

// labels finds the dependent variables in the source.
func (p *packJob) labels() ([]packedColumn, error) {
	text := p.opt.Dependent
	if p.like != nil && text == "" {
		var columns []string
		for _, l := range p.like.labels {
			columns = append(columns, l.column)
		}
		text = table.QuoteAll(columns)
	}
	return p.columns("dependent", text)
}

// columns finds the columns of a list in the source.
func (p *packJob) columns(what, text string) ([]packedColumn, error) {
	names, err := table.ParseColumns(text)
	if err != nil {
		return nil, argument.Errorf("%s variables: %w", what, err)
	}
	schema, err := tables.Select(p.snap.Info(), names)
	if err != nil {
		return nil, fmt.Errorf("%s variables: %w", what, err)
	}
	labels, err := table.SplitColumns(text)
	if err != nil {
		return nil, argument.Errorf("%s variables: %w", what, err)
	}
	out := make([]packedColumn, len(names))
	for i := range out {
		out[i] = packedColumn{Column: schema[i], label: labels[i]}
	}
	return out, nil
}

// findWeight finds the column of the weights of rows.
func (p *packJob) findWeight() error {
	if p.opt.Weight == "" {
		return nil
	}
	columns, err := p.columns("weight", p.opt.Weight)
	if err != nil {
		return err
	}
	if len(columns) != 1 {
		return argument.Errorf("the weight of a row is one column, found %d", len(columns))
	}
	p.weight = &columns[0]
	if p.weight.Type.Array || !p.weight.Type.IsNumber() {
		return p.typeError(*p.weight, "weight", "a number")
	}
	return nil
}

// checkNumbers checks the arguments that are numbers or words.
func (p *packJob) checkNumbers() error {
	if n := p.opt.BufferSize; n != nil {
		if *n <= 0 {
			return fmt.Errorf("the buffer size must be at least 1, found %d", *n)
		}
		p.bufferSize = int64(*n)
	}
	c, err := tables.Normalizing(p.opt.Normalize)
	if err != nil {
		return err
	}
	if p.normalize = tables.Unscaled(c); p.normalize != 1 {
		if err := p.checkIndexes(); err != nil {
			return err
		}
	}
	if p.opt.Shards < 0 || p.opt.Shards > maxShards {
		return fmt.Errorf("the number of shards must be between 1 and %d, found %d", maxShards, p.opt.Shards)
	}
	if n := p.opt.NumClasses; n != nil && len(n) != len(p.dependents) {
		return fmt.Errorf("numbers of classes: found %d for %d dependent variables", len(n), len(p.dependents))
	}
	for i, n := range p.opt.NumClasses {
		if n < 1 || n > classes.Max {
			return fmt.Errorf("number of classes: column %q must have between 1 and %d, found %d", p.dependents[i].Name, classes.Max, n)
		}
		if c := p.dependents[i]; c.numeric {
			return fmt.Errorf("number of classes: the labels of column %q are numeric and have none", c.Name)
		}
	}
	return nil
}

// checkIndexes refuses a normalizing constant for the numbers of categories, which would be none any more.
func (p *packJob) checkIndexes() error {
	for _, in := range p.independents {
		for i := 0; in.made != nil && i < len(in.made.Columns); i++ {
			if c := &in.made.Columns[i]; c.IsIndex() {
				return fmt.Errorf("a normalizing constant would divide the numbers of %s; scale other columns by minmax or standardise", c)
			}
		}
	}
	return nil
}

// markNumeric finds out which dependent variables are numbers and not classes.
func (p *packJob) markNumeric() error {
	numeric := make([]bool, len(p.dependents))
	if p.like != nil {
		for i := range min(len(numeric), len(p.like.labels)) {
			numeric[i] = p.like.labels[i].numeric
		}
	} else if err := tables.ReadLabelTypes(p.opt.LabelTypes, numeric, "dependent variable"); err != nil {
		return argument.Of(err)
	}
	for i := range p.dependents {
		p.dependents[i].numeric = numeric[i]
	}
	return nil
}

// maxShards is far above what helps; it keeps the numbers of shards within INTEGER.
const maxShards = 1 << 20

// checkTypes checks that independent variables that are columns are arrays of numbers, and that dependent ones are numbers where they are numeric.
func (p *packJob) checkTypes() error {
	for _, c := range p.independents {
		if !c.Type.Array || !c.Type.IsNumber() {
			return p.typeError(c, "independent", "an array of numbers")
		}
	}
	for _, c := range p.dependents {
		if c.numeric && !c.Type.IsNumber() {
			return p.typeError(c, "numeric dependent", "a number, or an array of numbers")
		}
	}
	return nil
}

func (p *packJob) typeError(c packedColumn, what, want string) error {
	return &table.TableError{Table: p.snap.Info().Name, Err: fmt.Errorf("column %q has type %s; the %s variable must be %s", c.Name, c.Type, what, want)}
}

// arrayColumns are the columns of arrays, whose shapes are read.
func (p *packJob) arrayColumns() []tables.ArrayColumn {
	var out []tables.ArrayColumn
	for i := range p.independents {
		if c := &p.independents[i]; c.made == nil {
			out = append(out, tables.ArrayColumn{Name: c.Name, Shape: &c.shape})
		} else {
			out = append(out, tables.ArraysOf(c.made)...)
		}
	}
	for i := range p.dependents {
		if c := &p.dependents[i]; c.Type.Array {
			out = append(out, tables.ArrayColumn{Name: c.Name, Shape: &c.shape, OneHot: !c.numeric && c.Type.IsNumber()})
		}
	}
	return out
}

// checkNames checks that the packed table can have the names of the variables as columns.
func (p *packJob) checkNames() error {
	var names pack.Plan
	for _, c := range p.independents {
		names.Inputs = append(names.Inputs, pack.Input{Column: c.Name})
	}
	for _, c := range p.dependents {
		names.Labels = append(names.Labels, pack.Label{Column: c.Name})
	}
	if p.weight != nil {
		names.Labels = append(names.Labels, pack.Label{Column: p.weight.Name})
	}
	if err := names.Schema().Check(); err != nil {
		return fmt.Errorf("the packed table cannot have these variables: %w", err)
	}
	return nil
}
