package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// A loaded shard is its buffers in their order. Nobody changes them.
type loaded struct{ buffers []*buffer.Buffer }

// Data is what the shard holds, read at the first call in a process. Nobody changes it.
func (s Shard) Data(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (trainer.Dataset, error) {
	l, err := s.load(ctx, run, model)
	if err != nil {
		return nil, err
	}
	var data trainer.Buffers
	for _, b := range l.buffers {
		data = append(data, rowsOf(b))
	}
	return data, nil
}

// rowsOf are the rows of a buffer.
func rowsOf(b *buffer.Buffer) trainer.Buffer {
	return trainer.Buffer{Inputs: b.Inputs, Labels: b.Labels, Numbers: b.Numbers, N: b.N}
}

// load reads the shard, once per process. Labels are checked by the model. Values that are not those of Digest are an error.
func (s Shard) load(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (*loaded, error) {
	key := fmt.Sprintf("shard %d of %s in %s as %s", s.Index, s.Table.Name, s.Table.Ref, s.Table.Set)
	return bundle.Once(ctx, run, key, func(ctx context.Context) (*loaded, error) {
		parts := make([][]read, len(s.Parts))
		err := run.Parallel(ctx, len(s.Parts), func(ctx context.Context, i int) (err error) {
			parts[i], err = s.Table.read(ctx, run, s.Parts[i], model)
			return err
		})
		if err != nil {
			return nil, err
		}
		return s.assemble(slices.Concat(parts...))
	})
}

// assemble picks the shard's buffers and puts them in order.
func (s Shard) assemble(all []read) (*loaded, error) {
	var own []read
	rows := 0
	for _, r := range all {
		if r.Key == s.Key {
			own = append(own, r)
			rows += r.Rows
		}
	}
	if len(own) != s.Buffers || rows != s.Rows {
		return nil, &table.TableError{Table: s.Table.Name, Err: fmt.Errorf("shard %d: %w: %d buffers with %d rows, expected %d with %d",
			s.Index, table.ErrChanged, len(own), rows, s.Buffers, s.Rows)}
	}
	slices.SortStableFunc(own, func(a, b read) int { return cmp.Compare(a.ID, b.ID) })
	l := new(loaded)
	for _, r := range own {
		l.buffers = append(l.buffers, r.buffer)
	}
	if s.Digest != "" && s.Digest != digestOf(l.buffers) {
		return nil, &table.TableError{Table: s.Table.Name, Err: fmt.Errorf("shard %d: %w", s.Index, table.ErrChanged)}
	}
	return l, nil
}

// digestOf is the SHA-256 of all values, buffer by buffer.
func digestOf(buffers []*buffer.Buffer) string {
	h := sha256.New()
	for _, b := range buffers {
		_ = b.Write(h) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
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
		store, err := run.Connect(ctx, t.Ref)
		if err != nil {
			return nil, err
		}
		out := make([]read, 0, p.Rows)
		opt := table.ReadOptions{}
		for i := range t.Layout.Len() {
			opt.Columns = append(opt.Columns, t.Layout.Variable(i).Name)
		}
		opt.Columns = append(opt.Columns, packed.Columns(t.Layout, t.Keyed)...)
		err = table.EachBatch(ctx, store, p, opt, func(b *table.Batch) error {
			for i := range b.Rows {
				r, err := t.buffer(b, i, p.FirstRow+int64(len(out)), model)
				if err != nil {
					return err
				}
				out = append(out, r)
			}
			run.Advance(Stage, "buffers", int64(b.Rows))
			return nil
		})
		return out, err
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
	if err = model.CheckBuffer(rowsOf(r.buffer)); err != nil {
		if e := (*trainer.LabelError)(nil); errors.As(err, &e) {
			err = &table.ValueError{Table: t.Name, Column: t.Layout.Labels[e.Output].Name, Row: row + 1, Err: err}
		}
		return r, err
	}
	return r, nil
}
