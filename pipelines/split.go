package pipelines

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/split"
)

// Split draws a training and a test set from a table: MADlib's train_test_split. It writes one table with a column split, or
// with Separate two tables, all or none.
func Split(ctx context.Context, env Env, opt SplitOptions) (SplitResult, error) {
	j, err := env.begin("split")
	if err != nil {
		return SplitResult{}, err
	}
	defer j.end()
	j.limit(3) // a task reads one table and writes two
	p, err := j.prepareSplit(ctx, opt)
	if err != nil {
		return SplitResult{}, err
	}
	defer p.close()
	return p.run(ctx)
}

// A splitJob is a Split whose arguments are checked.
type splitJob struct {
	*job
	snap    table.Snapshot // of the source
	outputs []table.Name   // one, or train and test
	options split.Options
}

func (p *splitJob) close() { _ = p.snap.Close() }

// run does the work.
func (p *splitJob) run(ctx context.Context) (SplitResult, error) {
	parts, err := p.snap.Partitions(ctx, p.partitions())
	if err != nil {
		return SplitResult{}, err
	}
	var create table.CreateOptions
	for _, name := range p.outputs {
		create.Tables = append(create.Tables, table.TableSpec{Name: name, Schema: p.options.Schema(), Ordered: true})
	}
	out, err := p.Store.Create(ctx, create)
	if err != nil {
		return SplitResult{}, err
	}
	defer abort(ctx, out)
	p.options.Output = out.ID()

	counts := new(split.Counts)
	totals := map[string]int64{split.Counting: p.options.Rows, split.Splitting: p.options.Rows}
	err = p.job.run(ctx, totals, func(s beam.Scope, run string) error {
		bundle.Share(run, counts)
		split.Split(s, run, p.options, parts)
		return nil
	})
	if err != nil {
		return SplitResult{}, err
	}
	if err := out.Commit(ctx); err != nil {
		return SplitResult{}, err
	}
	return SplitResult{Train: counts.Train, Test: counts.Test}, nil
}
