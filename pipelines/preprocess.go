package pipelines

import (
	"context"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/learn"
	"github.com/beamfit/beamfit/transforms/pack"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// Preprocess packs the rows of a table into buffers: MADlib's training_preprocessor_dl, or with Like
// validation_preprocessor_dl. It writes the packed table and its summary, both or none; with ValidationShare a second packed table and
// its summary as well, all or none. With Replace they take the place of those that exist.
func Preprocess(ctx context.Context, env Env, opt PreprocessOptions) (PreprocessResult, error) {
	j, err := env.beginOnRunner(ctx, "preprocess", 1)
	if err != nil {
		return PreprocessResult{}, err
	}
	defer j.End()
	p, err := preparePacking(ctx, j, opt)
	if err != nil {
		return PreprocessResult{}, err
	}
	defer p.close()
	result, err := p.write(ctx)
	return result, p.WithID(ctx, p.snap, "", err)
}

// A packJob is a Preprocess whose arguments are checked.
type packJob struct {
	*job.Job
	opt  PreprocessOptions
	snap table.Snapshot        // of the source
	like *likeTable            // nil: training data
	arch []features.ModelInput // the inputs of the model that rows are packed for; nil: it is not known

	output, summary          table.Name
	held                     *heldTable // nil: all rows are packed into one table
	dependents, independents []packedColumn
	weight                   *packedColumn // nil: rows have no weights
	normalize                float32
	bufferSize, shards       int64 // bufferSize as asked for; 0: the default
	segments                 tables.Segments
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

// classed says whether a dependent variable has classes, of its rows or of the elements of its arrays.
func (c packedColumn) classed() bool { return !c.numeric && (c.shape == nil || !c.Type.IsNumber()) }

func (p *packJob) close() { _ = p.snap.Close() }

// write does the work.
func (p *packJob) write(ctx context.Context) (PreprocessResult, error) {
	// Several parts for every worker, so that all end at about the same time.
	parts, err := p.snap.Partitions(ctx, p.Partitions())
	if err != nil {
		return PreprocessResult{}, err
	}
	if err := p.learn(ctx, parts); err != nil {
		return PreprocessResult{}, err
	}
	if err := p.makePlan(ctx, parts); err != nil {
		return PreprocessResult{}, err
	}
	p.plan.Portions = p.Limits.Travel && p.Limits.Bundle > 0
	if !p.Limits.Travel {
		folder, err := scratch.New()
		if err != nil {
			return PreprocessResult{}, err
		}
		defer folder.Remove()
		p.plan.Scratch = folder.Path()
	}
	summaries, err := p.summaryRows()
	if err != nil {
		return PreprocessResult{}, err
	}
	out, err := p.Store.Create(ctx, p.planTables(summaries))
	if err != nil {
		return PreprocessResult{}, err
	}
	defer tables.Abort(ctx, out)
	p.plan.Output = out.ID()

	if err := p.Lease(ctx, p.output); err != nil {
		return PreprocessResult{}, err
	}
	if p.plan.Portions && p.Limits.Watch {
		box, err := p.NewBox(ctx, "packing", p.output)
		if err != nil {
			return PreprocessResult{}, err
		}
		p.plan.Done = &box.Box
	}
	steps := []job.Step{{Name: pack.Reading, Unit: "rows", Units: p.plan.Rows}, {Name: pack.Packing, Unit: "buffers", Units: p.plan.Buffers()}}
	err = p.Pipeline(job.Totals(steps), func(s beam.Scope) error {
		pack.Pack(s, p.RunRef, p.plan, p.Spread(s, beam.CreateList(s, parts)))
		return nil
	})
	if err != nil {
		return PreprocessResult{}, err
	}
	p.TellDone(steps)
	p.close() // a source that is a view of what is replaced would make the commit wait
	if err := tables.WriteAndCommit(ctx, p.Store, out, summaries...); err != nil {
		return PreprocessResult{}, err
	}
	result := PreprocessResult{
		Rows: p.plan.Rows, Buffers: p.plan.TrainingBuffers(), BufferSize: p.plan.BufferSize, Features: featureArrays(p.independents),
	}
	if h := p.plan.Held; h != nil {
		_, rows := h.Counts()
		result.Validation = PackedRows{Rows: rows, Buffers: p.plan.Buffers() - result.Buffers, BufferSize: h.BufferSize}
	}
	return result, nil
}

// planTables decides the order of the tables that are written, the summaries first, and tells the plan which are its own.
func (p *packJob) planTables(summaries []*table.Batch) (create table.CreateOptions) {
	create.Scratch = p.ScratchOfOutput()
	add := func(name table.Name, schema table.Schema, ordered bool) {
		create.Tables = append(create.Tables, table.TableSpec{Name: name, Schema: schema, Replace: p.opt.Replace, Ordered: ordered})
	}
	add(p.summary, summaries[0].Schema, false)
	if p.held != nil {
		add(p.held.summary, summaries[1].Schema, false)
	}
	p.plan.Table = len(create.Tables)
	add(p.output, p.plan.Schema(), true)
	if p.held != nil {
		p.plan.Held.Table = len(create.Tables)
		add(p.held.output, p.plan.Schema(), true)
	}
	return create
}

// learn reads what must be known of all rows before they are packed. The distinct values of the dependent variables that are no arrays
// become the classes, or are checked against those of the training table; what independent variables are made with is learned unless it
// comes from there.
func (p *packJob) learn(ctx context.Context, parts []table.Partition) error {
	p.classes = make([]classes.List, len(p.dependents))
	plan := learn.Plan{Ref: p.StoreRef, Source: p.snap.Info().Name}
	if p.held != nil {
		plan.Held = &p.held.choice
	}
	var label, made []int // per label of the plan: which dependent; per variable: which independent
	for i, c := range p.dependents {
		if c.classed() {
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
		t := p.dependents[i].Type
		if t.Array {
			t = t.Elem()
		}
		if err := p.setClasses(i, found.Labels[k].Sorted(t), found.Held[k].Sorted(t)); err != nil {
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

// setClasses makes the values found the classes of dependent variable i. Those of a training table, and those of the rows that are not held
// out, are the classes of others too, whose values are checked against them.
func (p *packJob) setClasses(i int, found, held classes.List) error {
	if len(found) == 0 {
		return &table.TableError{Table: p.snap.Info().Name, Err: fmt.Errorf("column %q: all elements of its arrays are NULL, which is no class", p.dependents[i].Name)}
	}
	p.classes[i] = found
	if p.like != nil {
		p.classes[i], held = p.like.labels[i].classes, found
	}
	if row, err := p.classes[i].Unknown(held); err != nil {
		return &table.ValueError{Table: p.snap.Info().Name, Column: p.dependents[i].Name, Row: row + 1, Err: err}
	}
	return nil
}

// find runs the pipeline that reads what is to be learned from.
func (p *packJob) find(ctx context.Context, plan learn.Plan, parts []table.Partition) (learn.Found, error) {
	box, err := p.NewBox(ctx, "learned", p.output)
	if err != nil {
		return learn.Found{}, err
	}
	steps := []job.Step{{Name: learn.Stage, Unit: "rows", Units: p.snap.Info().Rows}}
	return job.Compute[learn.Found](ctx, p.Job, box, steps, func(s beam.Scope) beam.PCollection {
		return learn.Find(s, p.RunRef, plan, p.Spread(s, beam.CreateList(s, parts)))
	})
}

// makePlan decides the buffers. The partitions are those that will be read.
func (p *packJob) makePlan(ctx context.Context, parts []table.Partition) error {
	info := p.snap.Info()
	plan := pack.Plan{
		Ref: p.StoreRef, Source: info.Name,
		Rows: info.Rows, Shards: p.shards, Keys: p.segments.Keys(),
		Shuffle: p.like == nil, Seed: p.opt.Seed,
		Scale: tables.ScaleOf(p.normalize),
	}
	var elements []int64
	for _, c := range p.independents {
		in := pack.Input{Column: c.Name, Shape: c.shape, Variable: c.made}
		if c.made != nil {
			if err := c.made.Check(); err != nil {
				return fmt.Errorf("independent variables: %w", table.OfTable(info.Name, err))
			}
			in.Shape = c.made.Shape()
		}
		elements = append(elements, int64(buffer.SizeOf(in.Shape)))
		plan.Inputs = append(plan.Inputs, in)
	}
	if err := p.checkInputShapes(true); err != nil {
		return err
	}
	for i, c := range p.dependents {
		if c.numeric {
			l := pack.Label{Column: c.Name, Numeric: true, Size: 1, Width: 1}
			if c.shape != nil {
				l.Size = buffer.SizeOf(c.shape)
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
		if !c.classed() {
			l.Keys, l.Size, have = nil, c.shape[0], c.shape[0]
		}
		l.Width = have
		if width := p.width(i); width > 0 {
			if width < have {
				what := fmt.Sprintf("has %d distinct values", have)
				if !c.classed() {
					what = fmt.Sprintf("has arrays of %d elements", have)
				}
				return fmt.Errorf("number of classes: column %q %s, which is more than the %d classes asked for", c.Name, what, width)
			}
			l.Width = width
		}
		if c.classed() && c.shape != nil {
			l.Shape = c.shape
			elements = append(elements, int64(buffer.SizeOf(c.shape)*l.Width))
		}
		plan.Labels = append(plan.Labels, l)
	}
	if p.weight != nil {
		plan.Labels = append(plan.Labels, pack.Label{Column: p.weight.Name, Numeric: true, Size: 1, Width: 1, Weight: true})
	}
	if err := p.planHeld(ctx, &plan, parts, elements); err != nil {
		return err
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

// summaryRows are the row of the summary, and that of the summary of the rows that are held out.
func (p *packJob) summaryRows() ([]*table.Batch, error) {
	s := tables.PackedSummary{
		Source: p.opt.Source, Output: p.opt.Output, BufferSize: p.plan.BufferSize, Normalize: p.normalize, NumClasses: p.numClasses(),
		Segments: p.segments,
	}
	for i, c := range p.dependents {
		l := tables.PackedLabel{Column: c.Column, Label: c.label, Numeric: c.numeric, Classes: p.classes[i]}
		if l.Classes != nil {
			l.Padding = p.plan.Labels[i].Width - len(l.Classes)
		}
		s.Dependents = append(s.Dependents, l)
	}
	for _, c := range p.independents {
		s.Independents, s.Made = append(s.Independents, c.label), append(s.Made, c.made)
	}
	if p.weight != nil {
		s.Weight = p.weight.label
	}
	row, err := s.Row()
	if err != nil || p.held == nil {
		return []*table.Batch{row}, err
	}
	s.Output, s.BufferSize = p.opt.ValidationOutput, p.plan.Held.BufferSize
	held, err := s.Row()
	return []*table.Batch{row, held}, err
}

// featureArrays describe the variables that are made from columns.
func featureArrays(independents []packedColumn) []FeatureArray {
	var out []FeatureArray
	for _, in := range independents {
		if in.made == nil {
			continue
		}
		f := FeatureArray{Name: in.made.Name, Width: in.made.Width()}
		for i := range in.made.Columns {
			c := &in.made.Columns[i]
			f.Columns = append(f.Columns, FeatureColumn{Term: c.String(), Width: c.Width(), Numbers: c.Numbers()})
		}
		out = append(out, f)
	}
	return out
}
