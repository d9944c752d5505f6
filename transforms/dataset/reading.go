package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// load reads shards of one table, each once per process: into memory, or into a file where the run may not keep so much there. A partition in
// which several of them have buffers is read once for all of these. Labels are checked by the model. Values that are not those of a
// shard's Digest are an error.
func load(ctx context.Context, run *bundle.Run, model *recipe.Loaded, shards []Shard) ([]held, error) {
	var keys []string
	for _, s := range shards {
		keys = append(keys, fmt.Sprintf("shard %d of %s in %s as %s", s.Index, s.Table.Name, s.Table.Ref, s.Table.Role))
	}
	return bundle.OnceEach(ctx, run, keys, func(ctx context.Context, mine []int) ([]held, error) {
		var missing []Shard
		for _, i := range mine {
			missing = append(missing, shards[i])
		}
		return readAll(ctx, run, model, missing)
	})
}

// together groups shards of a table: those that have buffers in the same partitions are read at once.
func together(shards []Shard) (groups [][]Shard) {
	users := map[int64]int{} // by the first row of a partition
	for _, s := range shards {
		for _, p := range s.Parts {
			users[p.FirstRow]++
		}
	}
	var sharing []Shard
	for _, s := range shards {
		if slices.ContainsFunc(s.Parts, func(p table.Partition) bool { return users[p.FirstRow] > 1 }) {
			sharing = append(sharing, s)
		} else {
			groups = append(groups, []Shard{s})
		}
	}
	if sharing != nil {
		groups = append(groups, sharing)
	}
	return groups
}

// A readBuffer is a buffer with what its row, which is row of the table, says of it.
type readBuffer struct {
	packed.Description
	row    int64
	buffer *buffer.Buffer
}

// A sink takes the buffers of a shard while they are read, from several partitions at the same time.
type sink interface {
	// add takes a buffer.
	add(r readBuffer) error
	// finish is what the shard holds, when it has all buffers.
	finish() (held, error)
	// discard gives up what was taken.
	discard()
}

// sink is one for the shard: memory, as long as the run has some left, or a file.
func (s Shard) sink(run *bundle.Run) (sink, error) {
	bytes := int64(s.Rows) * int64(s.Table.Layout.RowBytes())
	if run.Reserve(bytes) {
		return &memorySink{shard: s, run: run, bytes: bytes}, nil
	}
	return newFileSink(s)
}

// readAll reads shards of one table, and each partition once.
func readAll(ctx context.Context, run *bundle.Run, model *recipe.Loaded, shards []Shard) (all []held, err error) {
	sinks := map[int64]sink{} // by the key of the shard
	defer func() {
		if err != nil {
			for _, to := range sinks {
				to.discard()
			}
		}
	}()
	var parts []table.Partition
	seen := map[int64]bool{}
	for _, s := range shards {
		to, err := s.sink(run)
		if err != nil {
			return nil, err
		}
		sinks[s.Key] = to
		for _, p := range s.Parts {
			if !seen[p.FirstRow] {
				seen[p.FirstRow] = true
				parts = append(parts, p)
			}
		}
	}
	t := shards[0].Table
	err = run.Parallel(ctx, len(parts), func(ctx context.Context, i int) error {
		return t.each(ctx, run, parts[i], model, func(key int64) bool { return sinks[key] != nil }, func(r readBuffer) error {
			run.Advance(Stage, "buffers", 1)
			return sinks[r.Key].add(r)
		})
	})
	if err != nil {
		return nil, err
	}
	all = make([]held, len(shards))
	err = run.Parallel(ctx, len(shards), func(ctx context.Context, i int) (err error) {
		if all[i], err = sinks[shards[i].Key].finish(); err != nil {
			return err
		}
		return shards[i].checkDigest(ctx, all[i])
	})
	return all, err
}

// each reads the buffers of a partition one after the other, but for those with keys that nobody wants.
func (t Table) each(ctx context.Context, run *bundle.Run, p table.Partition, model *recipe.Loaded, wanted func(key int64) bool, do func(readBuffer) error) error {
	end, err := run.Reading(ctx)
	if err != nil {
		return err
	}
	defer end()
	store, err := run.Connect(ctx, t.Ref)
	if err != nil {
		return err
	}
	opt := table.ReadOptions{}
	for i := range t.Layout.Len() {
		opt.Columns = append(opt.Columns, t.Layout.Variable(i).Name)
	}
	opt.Columns = append(opt.Columns, packed.Columns(t.Layout, t.Keyed)...)
	row := p.FirstRow
	return table.EachBatch(ctx, store, p, opt, func(b *table.Batch) error {
		for i := range b.Rows {
			r := readBuffer{row: row}
			row++
			var err error
			if r.Description, err = packed.Describe(t.Name, b, i, r.row, t.Layout); err != nil {
				return err
			}
			if !wanted(r.Key) {
				continue
			}
			if err := t.fill(&r, b, i, model); err != nil {
				return err
			}
			if err := do(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill reads the values of a buffer, which is row i of b, and checks them.
func (t Table) fill(r *readBuffer, b *table.Batch, i int, model *recipe.Loaded) (err error) {
	if r.buffer, err = packed.Read(t.Name, b, i, r.row, r.Description, t.Layout); err != nil {
		return err
	}
	if err = t.check(rowsOf(r.buffer), model); err != nil {
		if e := (*trainer.LabelError)(nil); errors.As(err, &e) {
			err = &table.ValueError{Table: t.Name, Column: t.Layout.Labels[e.Output].Name, Row: r.row + 1, Err: err}
		}
		if e := (*trainer.WeightError)(nil); errors.As(err, &e) {
			err = &table.ValueError{Table: t.Name, Column: t.Layout.Labels[len(t.Layout.Labels)-1].Name, Row: r.row + 1, Err: err}
		}
	}
	return err
}

// check checks the values of a buffer, as the trainer does for rows in memory: those in a file it reads batch by batch.
func (t Table) check(b trainer.Buffer, model *recipe.Loaded) error {
	if err := model.CheckBuffer(b); err != nil {
		return err
	}
	if t.Role != Training || model.Fit == nil || model.Fit.ClassWeight == nil {
		return nil
	}
	return model.CheckClasses(b)
}
