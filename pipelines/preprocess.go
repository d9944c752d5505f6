package pipelines

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/pack"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// Preprocess packs the rows of a table into buffers: MADlib's training_preprocessor_dl, or with Like
// validation_preprocessor_dl. It writes the packed table and its summary, both or none. With Replace they take
// the place of those that exist.
func Preprocess(ctx context.Context, env Env, opt PreprocessOptions) (PreprocessResult, error) {
	j, err := env.beginOnRunner(ctx, "preprocess", 1, listeners{})
	if err != nil {
		return PreprocessResult{}, err
	}
	defer j.end()
	p, err := j.preparePacking(ctx, opt)
	if err != nil {
		return PreprocessResult{}, err
	}
	defer p.close()
	result, err := p.write(ctx)
	return result, p.withID(ctx, p.snap, "", err)
}

// A packJob is a Preprocess whose arguments are checked.
type packJob struct {
	*job
	opt  PreprocessOptions
	snap table.Snapshot // of the source
	like *likeTable     // nil: training data

	output, summary          table.Name
	dependents, independents []packedColumn
	normalize                float32
	bufferSize, shards       int64          // bufferSize as asked for; 0: the default
	classes                  []pack.Classes // per dependent; nil: one-hot arrays
	plan                     pack.Plan
}

// A packedColumn is a dependent or independent variable of the source.
type packedColumn struct {
	table.Column
	label   string // as typed
	shape   []int  // of the first row's array; nil: a scalar
	numeric bool   // dependent: the numbers are the label
}

func (p *packJob) close() { _ = p.snap.Close() }

// write does the work.
func (p *packJob) write(ctx context.Context) (PreprocessResult, error) {
	// Several parts for every worker, so that all end at about the same time.
	parts, err := p.snap.Partitions(ctx, p.partitions())
	if err != nil {
		return PreprocessResult{}, err
	}
	if err := p.findClasses(ctx, parts); err != nil {
		return PreprocessResult{}, err
	}
	if err := p.makePlan(); err != nil {
		return PreprocessResult{}, err
	}
	if !p.limits.travel {
		folder, err := scratch.New()
		if err != nil {
			return PreprocessResult{}, err
		}
		defer folder.Remove()
		p.plan.Scratch = folder.Path()
	}
	summary, err := p.summaryRow()
	if err != nil {
		return PreprocessResult{}, err
	}
	out, err := p.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{
		{Name: p.summary, Schema: summary.Schema, Replace: p.opt.Replace},
		{Name: p.output, Schema: p.plan.Schema(), Replace: p.opt.Replace, Ordered: true},
	}})
	if err != nil {
		return PreprocessResult{}, err
	}
	defer abort(ctx, out)
	p.plan.Output, p.plan.Table = out.ID(), 1

	if err := p.lease(ctx, p.output); err != nil {
		return PreprocessResult{}, err
	}
	totals := map[string]int64{pack.Reading: p.plan.Rows, pack.Packing: p.plan.Buffers()}
	err = p.pipeline(totals, func(s beam.Scope) error {
		pack.Pack(s, p.worker, p.plan, p.spread(s, beam.CreateList(s, parts)))
		return nil
	})
	if err != nil {
		return PreprocessResult{}, err
	}
	p.close() // a source that is a view of what is replaced would make the commit wait
	if err := writeTables(ctx, p.Store, out, summary); err != nil {
		return PreprocessResult{}, err
	}
	return PreprocessResult{Rows: p.plan.Rows, Buffers: p.plan.Buffers(), BufferSize: p.plan.BufferSize}, nil
}

// findClasses reads the distinct values of the dependent variables that are no arrays, and checks them against the classes
// of the training table, or makes them the classes.
func (p *packJob) findClasses(ctx context.Context, parts []table.Partition) error {
	p.classes = make([]pack.Classes, len(p.dependents))
	var columns []table.Column
	var at []int // per column: which dependent
	for i, c := range p.dependents {
		if c.shape == nil && !c.numeric {
			columns = append(columns, c.Column)
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	found, err := p.distinct(ctx, columns, parts)
	if err != nil {
		return err
	}
	for k, i := range at {
		if p.like == nil {
			p.classes[i] = found[k]
			continue
		}
		p.classes[i] = p.like.labels[i].classes
		if row, err := p.classes[i].Unknown(found[k]); err != nil {
			return &table.ValueError{Table: p.snap.Info().Name, Column: p.dependents[i].Name, Row: row + 1, Err: err}
		}
	}
	return nil
}

// distinct runs the pipeline that finds the distinct values of columns.
func (p *packJob) distinct(ctx context.Context, columns []table.Column, parts []table.Partition) ([]pack.Classes, error) {
	box, err := p.newBox(ctx, "classes", p.output)
	if err != nil {
		return nil, err
	}
	const key = "distinct"
	totals := map[string]int64{pack.ReadingLabels: p.snap.Info().Rows}
	err = p.pipeline(totals, func(s beam.Scope) error {
		values := pack.FindDistinct(s, p.worker, p.ref, columns, p.spread(s, beam.CreateList(s, parts)))
		collect.Keep[pack.Distinct](s, box.Box, key, values)
		return nil
	})
	if err != nil {
		return nil, err
	}
	found, err := collect.Get[pack.Distinct](ctx, box.Box, key)
	if err != nil {
		return nil, err
	}
	return found.Classes(columns)
}

// makePlan decides the buffers.
func (p *packJob) makePlan() error {
	info := p.snap.Info()
	plan := pack.Plan{
		Ref: p.ref, Source: info.Name,
		Rows: info.Rows, Shards: p.shards,
		Shuffle: p.like == nil, Seed: p.opt.Seed,
		Scale: 1,
	}
	if p.normalize != 1 {
		plan.Scale = pack.Scale(p.normalize)
	}
	var elements []int64
	for _, c := range p.independents {
		n := int64(1)
		for _, d := range c.shape {
			n *= int64(d)
		}
		elements = append(elements, n)
		plan.Inputs = append(plan.Inputs, pack.Input{Column: c.Name, Shape: c.shape})
	}
	for i, c := range p.dependents {
		if c.numeric {
			l := pack.Label{Column: c.Name, Numeric: true, Size: 1, Width: 1}
			if c.shape != nil {
				l.Size, l.Width = c.shape[0], c.shape[0]
			}
			plan.Labels = append(plan.Labels, l)
			continue
		}
		l := pack.Label{Column: c.Name, Keys: p.classes[i].Keys()}
		have := len(p.classes[i])
		if c.shape != nil {
			l.Keys, l.Size, have = nil, c.shape[0], c.shape[0]
		}
		l.Width = have
		if width := p.width(i); width > 0 {
			if width < have {
				what := fmt.Sprintf("has %d distinct values", have)
				if c.shape != nil {
					what = fmt.Sprintf("has arrays of %d elements", have)
				}
				return fmt.Errorf("number of classes: column %q %s, which is more than the %d classes asked for", c.Name, what, width)
			}
			l.Width = width
		}
		plan.Labels = append(plan.Labels, l)
	}
	plan.BufferSize = pack.BufferSize(plan.Rows, plan.Shards, p.bufferSize, elements)
	p.plan = plan
	return p.plan.Check()
}

// width is the number of classes that a dependent variable is widened to; 0: as many as it has.
func (p *packJob) width(i int) int {
	switch {
	case p.like != nil:
		return p.like.labels[i].width
	case p.opt.NumClasses != nil:
		return p.opt.NumClasses[i]
	}
	return 0
}

// numClasses is what the summary records: what was asked for, else the numbers of distinct values of the dependent
// variables that are no arrays.
func (p *packJob) numClasses() []int {
	if p.like != nil {
		return p.like.numClasses
	}
	if p.opt.NumClasses != nil {
		return p.opt.NumClasses
	}
	out := []int{}
	for _, cs := range p.classes {
		if cs != nil {
			out = append(out, len(cs))
		}
	}
	return out
}

// summaryRow is the summary table: MADlib's columns, types and order.
func (p *packJob) summaryRow() (*table.Batch, error) {
	dependents, independents, types := []string{}, []string{}, []string{}
	for _, c := range p.dependents {
		dependents = append(dependents, c.label)
		types = append(types, c.Type.String())
	}
	for _, c := range p.independents {
		independents = append(independents, c.label)
	}
	var schema table.Schema
	var row []any
	add := func(name string, t table.Type, value any) {
		schema = append(schema, table.Column{Name: name, Type: t})
		row = append(row, value)
	}
	add("source_table", table.TextType, p.opt.Source)
	add("output_table", table.TextType, p.opt.Output)
	add("dependent_varname", table.TextArrayType, dependents)
	add("independent_varname", table.TextArrayType, independents)
	add("dependent_vartype", table.TextArrayType, types)
	none := true
	for i, cs := range p.classes {
		if cs == nil {
			continue
		}
		none = false
		c := p.dependents[i]
		values := table.Vector{Type: pack.ValuesType(c.Type)}
		if err := values.AppendTextArray(cs.Values(p.plan.Labels[i].Width - len(cs))); err != nil {
			return nil, fmt.Errorf("class values of column %q: %w", c.Name, err)
		}
		add(c.Name+classValuesSuffix, values.Type, values.Value(0))
	}
	if none {
		c := p.dependents[0]
		add(c.Name+classValuesSuffix, c.Type, nil)
	}
	add("buffer_size", table.Int32Type, p.plan.BufferSize)
	add("normalizing_const", table.Float32Type, p.normalize)
	add("num_classes", table.Int32ArrayType, p.numClasses())
	add("distribution_rules", table.TextType, allSegments)
	add("__internal_gpu_config__", table.TextType, allSegments)
	var numeric []bool
	for _, c := range p.dependents {
		numeric = append(numeric, c.numeric)
	}
	if slices.Contains(numeric, true) {
		add(labelTypeColumn, table.TextArrayType, labelTypes(numeric))
	}
	add(formatColumn, table.Int32Type, packed.Format)
	if err := schema.Check(); err != nil {
		return nil, fmt.Errorf("the summary of the packed table: %w", err)
	}
	b := table.NewBatch(schema)
	return b, b.Append(row...)
}

const (
	classValuesSuffix = "_class_values"
	allSegments       = "all_segments"
	formatColumn      = "packed_format"
)

// normalizing is the normalizing constant of an argument; nil: 1.
func normalizing(arg *float64) (float32, error) {
	if arg == nil {
		return 1, nil
	}
	return normalizingConst(*arg)
}

// normalizingConst is a normalizing constant as tables record it.
func normalizingConst(x float64) (float32, error) {
	c := float32(x)
	if !(c > 0) || math.IsInf(float64(c), 0) {
		return 0, fmt.Errorf("the normalizing constant must be a positive number that real can hold, found %v", x)
	}
	return c, nil
}

// unscaled is a normalizing constant for packing: 1 where it is so near to 1 that MADlib does not scale.
func unscaled(c float32) float32 {
	if c >= 0.999999 && c <= 1.000001 {
		return 1
	}
	return c
}
