package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Shard is the element that stands for a shard: all that a worker needs to read it.
type Shard struct {
	Table Table
	// Index numbers the shards of the table from 0 in the order of their keys, and Key is __dist_key__.
	Index int
	Key   int64
	// Rows and Buffers count what the shard holds.
	Rows, Buffers int
	// Parts are the partitions with its buffers; where buffers of other shards lie among them, they are passed over.
	Parts []table.Partition
	// Digest is the SHA-256 of its values, in hexadecimal digits; "": not known.
	Digest string `json:",omitempty"`
}

// MarshalBinary writes JSON.
func (s Shard) MarshalBinary() ([]byte, error) { return json.Marshal(s) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Shard) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, s) }

// CollectKey is the number of the shard.
func (s Shard) CollectKey() string { return strconv.Itoa(s.Index) }

// held is what a shard holds, in memory or in a file. Nobody changes it.
type held interface {
	// data is rows from to to-1.
	data(from, to int) trainer.Dataset
	// digest is the SHA-256 of all values, buffer by buffer.
	digest() (string, error)
}

// Data is what the shard holds, read at the first call in a process. Nobody changes it.
func (s Shard) Data(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (trainer.Dataset, error) {
	h, err := s.load(ctx, run, model)
	if err != nil {
		return nil, err
	}
	return h.data(0, s.Rows), nil
}

// load reads the shard, once per process: into memory, or into a file where the run may not keep so much there. Labels are checked
// by the model. Values that are not those of Digest are an error.
func (s Shard) load(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (held, error) {
	key := fmt.Sprintf("shard %d of %s in %s as %s", s.Index, s.Table.Name, s.Table.Ref, s.Table.Set)
	return bundle.Once(ctx, run, key, func(ctx context.Context) (held, error) {
		bytes := int64(s.Rows) * int64(s.Table.Layout.RowBytes())
		if !run.Hold(bytes) {
			return s.spill(ctx, run, model)
		}
		l, err := s.hold(ctx, run, model)
		if err != nil {
			run.Unhold(bytes)
			return nil, err
		}
		return l, nil
	})
}

// changed is the error for a shard that is not what Open has found, or not what was read before.
func (s Shard) changed(why string) error {
	return &table.TableError{Table: s.Table.Name, Err: fmt.Errorf("shard %d: %w%s", s.Index, table.ErrChanged, why)}
}

// checkCounts checks what was read of the shard.
func (s Shard) checkCounts(buffers, rows int) error {
	if buffers == s.Buffers && rows == s.Rows {
		return nil
	}
	return s.changed(fmt.Sprintf(": %d buffers with %d rows, expected %d with %d", buffers, rows, s.Buffers, s.Rows))
}

// checkDigest checks the values of the shard, where those of an earlier reading are known.
func (s Shard) checkDigest(h held) error {
	if s.Digest == "" {
		return nil
	}
	digest, err := h.digest()
	if err == nil && digest != s.Digest {
		err = s.changed("")
	}
	return err
}

// A read buffer is one with what its row says of it.
type read struct {
	packed.Description
	buffer *buffer.Buffer
}

// read reads the buffers of a partition, of which several shards may have some, once per process.
func (t Table) read(ctx context.Context, run *bundle.Run, p table.Partition, model *recipe.Loaded) ([]read, error) {
	key := fmt.Sprintf("rows %d of %s in %s as %s", p.FirstRow, t.Name, t.Ref, t.Set)
	return bundle.Once(ctx, run, key, func(ctx context.Context) ([]read, error) {
		out := make([]read, 0, p.Rows)
		err := t.each(ctx, run, p, model, func(r read) error {
			out = append(out, r)
			run.Advance(Stage, "buffers", 1)
			return nil
		})
		return out, err
	})
}

// each reads the buffers of a partition one after the other.
func (t Table) each(ctx context.Context, run *bundle.Run, p table.Partition, model *recipe.Loaded, do func(read) error) error {
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
			r, err := t.buffer(b, i, row, model)
			if err != nil {
				return err
			}
			row++
			if err := do(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// buffer is the buffer of row i of b, checked.
func (t Table) buffer(b *table.Batch, i int, row int64, model *recipe.Loaded) (r read, err error) {
	if r.Description, err = packed.Describe(t.Name, b, i, row, t.Layout); err != nil {
		return r, err
	}
	if r.buffer, err = packed.Read(t.Name, b, i, row, r.Description, t.Layout); err != nil {
		return r, err
	}
	if err = t.check(rowsOf(r.buffer), model); err != nil {
		if e := (*trainer.LabelError)(nil); errors.As(err, &e) {
			err = &table.ValueError{Table: t.Name, Column: t.Layout.Labels[e.Output].Name, Row: row + 1, Err: err}
		}
		if e := (*trainer.WeightError)(nil); errors.As(err, &e) {
			err = &table.ValueError{Table: t.Name, Column: t.Layout.Labels[len(t.Layout.Labels)-1].Name, Row: row + 1, Err: err}
		}
		return r, err
	}
	return r, nil
}

// check checks the values of a buffer, as the trainer does for rows in memory: those in a file it reads batch by batch.
func (t Table) check(b trainer.Buffer, model *recipe.Loaded) error {
	if err := model.CheckBuffer(b); err != nil {
		return err
	}
	if t.Set != Training || model.Fit == nil || model.Fit.ClassWeight == nil {
		return nil
	}
	return model.CheckClasses(b)
}
