package pipelines

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/learn"
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
	weight                   *packedColumn // nil: rows have no weights
	normalize                float32
	bufferSize, shards       int64          // bufferSize as asked for; 0: the default
	classes                  []classes.List // per dependent; nil: one-hot arrays
	plan                     pack.Plan
}

// A packedColumn is a dependent or independent variable of the source.
type packedColumn struct {
	table.Column
	label   string // as typed
	shape   []int  // of the first row's array; nil: a scalar
	numeric bool   // dependent: the numbers are the label
	// made is how an independent variable is made from columns; nil: it is the column.
	made *features.Variable
}

func (p *packJob) close() { _ = p.snap.Close() }

// write does the work.
func (p *packJob) write(ctx context.Context) (PreprocessResult, error) {
	// Several parts for every worker, so that all end at about the same time.
	parts, err := p.snap.Partitions(ctx, p.partitions())
	if err != nil {
		return PreprocessResult{}, err
	}
	if err := p.learn(ctx, parts); err != nil {
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
	return PreprocessResult{
		Rows: p.plan.Rows, Buffers: p.plan.Buffers(), BufferSize: p.plan.BufferSize, Features: featureArrays(p.independents),
	}, nil
}

// learn reads what must be known of all rows before they are packed. The distinct values of the dependent variables that are no arrays
// become the classes, or are checked against those of the training table; what independent variables are made with is learned unless it
// comes from there.
func (p *packJob) learn(ctx context.Context, parts []table.Partition) error {
	p.classes = make([]classes.List, len(p.dependents))
	plan := learn.Plan{Ref: p.ref, Source: p.snap.Info().Name}
	var label, made []int // per label of the plan: which dependent; per variable: which independent
	for i, c := range p.dependents {
		if c.shape == nil && !c.numeric {
			plan.Labels, label = append(plan.Labels, c.Column), append(label, i)
		}
	}
	if p.like == nil {
		for i, c := range p.independents {
			if c.made != nil {
				plan.Features, made = append(plan.Features, *c.made), append(made, i)
			}
		}
		if !features.Learns(plan.Features) {
			plan.Features, made = nil, nil
		}
	}
	if len(label)+len(made) == 0 {
		return nil
	}
	found, err := p.find(ctx, plan, parts)
	if err != nil {
		return err
	}
	for k, i := range label {
		if err := p.setClasses(i, found.Labels[k].Sorted(p.dependents[i].Type)); err != nil {
			return err
		}
	}
	learned, err := features.Learn(plan.Features, found.Features, plan.Source)
	if err != nil {
		return err
	}
	for k, i := range made {
		p.independents[i].made = &learned[k]
	}
	return nil
}

// setClasses makes the values found the classes of dependent variable i, or checks them against those of the training table.
func (p *packJob) setClasses(i int, found classes.List) error {
	if p.like == nil {
		p.classes[i] = found
		return nil
	}
	p.classes[i] = p.like.labels[i].classes
	if row, err := p.classes[i].Unknown(found); err != nil {
		return &table.ValueError{Table: p.snap.Info().Name, Column: p.dependents[i].Name, Row: row + 1, Err: err}
	}
	return nil
}

// find runs the pipeline that reads what is to be learned from.
func (p *packJob) find(ctx context.Context, plan learn.Plan, parts []table.Partition) (learn.Found, error) {
	box, err := p.newBox(ctx, "learned", p.output)
	if err != nil {
		return learn.Found{}, err
	}
	const key = "found"
	totals := map[string]int64{learn.Stage: p.snap.Info().Rows}
	err = p.pipeline(totals, func(s beam.Scope) error {
		found := learn.Find(s, p.worker, plan, p.spread(s, beam.CreateList(s, parts)))
		collect.Keep[learn.Found](s, box.Box, key, found)
		return nil
	})
	if err != nil {
		return learn.Found{}, err
	}
	return collect.Get[learn.Found](ctx, box.Box, key)
}

// makePlan decides the buffers.
func (p *packJob) makePlan() error {
	info := p.snap.Info()
	plan := pack.Plan{
		Ref: p.ref, Source: info.Name,
		Rows: info.Rows, Shards: p.shards,
		Shuffle: p.like == nil, Seed: p.opt.Seed,
		Scale: scaleOf(p.normalize),
	}
	var elements []int64
	for _, c := range p.independents {
		in := pack.Input{Column: c.Name, Shape: c.shape, Variable: c.made}
		if c.made != nil {
			if err := c.made.Check(); err != nil {
				return fmt.Errorf("independent variables: %w", ofTable(info.Name, err))
			}
			in.Shape = []int{c.made.Width()}
		}
		n := int64(1)
		for _, d := range in.Shape {
			n *= int64(d)
		}
		elements = append(elements, n)
		plan.Inputs = append(plan.Inputs, in)
	}
	for i, c := range p.dependents {
		if c.numeric {
			l := pack.Label{Column: c.Name, Numeric: true, Size: 1, Width: 1}
			if c.shape != nil {
				l.Size = sizeOf(c.shape)
				l.Width = l.Size
			}
			if len(c.shape) > 1 {
				l.Shape = c.shape
				elements = append(elements, int64(l.Size))
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
	if p.weight != nil {
		plan.Labels = append(plan.Labels, pack.Label{Column: p.weight.Name, Numeric: true, Size: 1, Width: 1, Weight: true})
	}
	plan.BufferSize = pack.BufferSize(plan.Rows, plan.Shards, p.bufferSize, elements)
	p.plan = plan
	return p.plan.Check()
}

// sizeOf is the number of elements of an array.
func sizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
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
	made := make([]*features.Variable, len(p.independents))
	for i, c := range p.independents {
		independents, made[i] = append(independents, c.label), c.made
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
		values := table.Vector{Type: classes.ValuesType(c.Type)}
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
	document, isMade, err := featureDocument(made)
	if err != nil {
		return nil, err
	}
	if isMade {
		add(featureColumns, table.JSONType, document)
	}
	if p.weight != nil {
		add(weightColumn, table.TextType, p.weight.label)
	}
	add(formatColumn, table.Int32Type, packed.FormatOf(isMade, p.weight != nil))
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
	weightColumn      = "weight_varname" // only where rows have weights
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
