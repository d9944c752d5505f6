package pipelines

import (
	"context"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/split"
)

// Split draws a training and a test set from a table: MADlib's train_test_split. It writes one table with a column split, or
// with Separate two tables, all or none. With Replace they take the place of those that exist.
func Split(ctx context.Context, env Env, opt SplitOptions) (SplitResult, error) {
	j, err := env.beginOnRunner(ctx, "split", 3) // a task reads one table and writes two
	if err != nil {
		return SplitResult{}, err
	}
	defer j.End()
	p, err := prepareSplit(ctx, j, opt)
	if err != nil {
		return SplitResult{}, err
	}
	defer p.close()
	return p.write(ctx)
}

// A splitJob is a Split whose arguments are checked.
type splitJob struct {
	*job.Job
	snap    table.Snapshot // of the source
	outputs []table.Name   // one, or train and test
	replace bool           // outputs that exist
	options split.Options
}

func (p *splitJob) close() { _ = p.snap.Close() }

// write does the work.
func (p *splitJob) write(ctx context.Context) (SplitResult, error) {
	parts, err := p.snap.Partitions(ctx, p.Partitions())
	if err != nil {
		return SplitResult{}, err
	}
	create := table.CreateOptions{Scratch: p.ScratchOfOutput()}
	for _, name := range p.outputs {
		create.Tables = append(create.Tables, table.TableSpec{Name: name, Schema: p.options.Schema(), Replace: p.replace, Ordered: true})
	}
	out, err := p.Store.Create(ctx, create)
	if err != nil {
		return SplitResult{}, err
	}
	defer tables.Abort(ctx, out)
	p.options.Output = out.ID()

	box, err := p.NewBox(ctx, "split", p.outputs[0])
	if err != nil {
		return SplitResult{}, err
	}
	steps := []job.Step{{Name: split.Splitting, Unit: "rows", Units: p.options.Rows}}
	if len(p.options.Strata) > 0 {
		steps = slices.Insert(steps, 0, job.Step{Name: split.Counting, Unit: "rows", Units: p.options.Rows})
	}
	counts, err := job.Compute[split.Counts](ctx, p.Job, box, steps, func(s beam.Scope) beam.PCollection {
		return split.Split(s, p.RunRef, p.options, parts)
	})
	if err != nil {
		return SplitResult{}, err
	}
	p.close() // a source that is a view of what is replaced would make the commit wait
	if err := out.Commit(ctx); err != nil {
		return SplitResult{}, err
	}
	return SplitResult{Train: counts.Train, Test: counts.Test}, nil
}
