package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/pack"
)

// A Set is a packed table.
type Set struct {
	// Name is the table's.
	Name table.Name
	// Check is called for every buffer that is read; may be nil.
	Check func(trainer.Buffer) error
	// Loaded is called when all values are in memory, before a shard is emitted; may be nil.
	Loaded func() error

	ref     string
	layout  buffer.Layout
	parts   []table.Partition
	buffers []place // by number of the row in the table
	shards  []shard
}

// A place is where a buffer goes.
type place struct {
	key, id   int64
	rows      int
	shard, at int // shards[shard].buffers[at]
}

type shard struct {
	key     int64
	rows    int
	buffers []*buffer.Buffer
}

// Open reads which buffers a packed table has and checks their shapes. layout has the columns in the order of the model's
// inputs and outputs, with the shapes of the model's inputs and of the labels. The snapshot must stay open until the set is
// loaded. Loading uses at most the given number of partitions.
func Open(ctx context.Context, store table.Store, snap table.Snapshot, layout buffer.Layout, partitions int) (*Set, error) {
	info := snap.Info()
	s := &Set{Name: info.Name, ref: store.Ref(), layout: layout}
	if err := Check(info, layout); err != nil {
		return nil, err
	}
	read := table.ReadOptions{Columns: []string{pack.BufferColumn}}
	if info.Schema.Index(pack.KeyColumn) >= 0 {
		read.Columns = append(read.Columns, pack.KeyColumn)
	}
	for i := range layout.Len() {
		read.Columns = append(read.Columns, layout.Variable(i).Name+pack.ShapeSuffix)
	}
	var err error
	if s.parts, err = snap.Partitions(ctx, partitions); err != nil {
		return nil, err
	}
	s.buffers = make([]place, info.Rows)
	for _, p := range s.parts {
		if err := s.index(ctx, store, p, read); err != nil {
			return nil, err
		}
	}
	s.arrange()
	if s.Rows() == 0 {
		return nil, &table.TableError{Table: s.Name, Err: errors.New("its buffers have no rows")}
	}
	return s, nil
}

// Check reports columns that a packed table lacks or has with another type. It does not look at shapes.
func Check(info table.Info, layout buffer.Layout) error {
	type want struct {
		column, kind string
		ok           func(table.Type) bool
	}
	wants := []want{{pack.BufferColumn, "integer", isInteger}}
	for i := range layout.Len() {
		name := layout.Variable(i).Name
		wants = append(wants,
			want{name, "bytea", func(t table.Type) bool { return t.Kind == table.Bytes && !t.Array }},
			want{name + pack.ShapeSuffix, "integer[]", func(t table.Type) bool { return t.Array && isInteger(t.Elem()) }})
	}
	if info.Schema.Index(pack.KeyColumn) >= 0 {
		wants = append(wants, want{pack.KeyColumn, "integer", isInteger})
	}
	for _, w := range wants {
		i := info.Schema.Index(w.column)
		if i < 0 {
			return &table.ColumnError{Table: info.Name, Column: w.column, Columns: info.Schema.Names()}
		}
		if t := info.Schema[i].Type; !w.ok(t) {
			return &table.TableError{Table: info.Name, Err: fmt.Errorf("column %q has type %s; a packed table has %s there", w.column, t, w.kind)}
		}
	}
	return nil
}

func isInteger(t table.Type) bool {
	return !t.Array && (t.Kind == table.Int16 || t.Kind == table.Int32 || t.Kind == table.Int64)
}

// index reads what describes the buffers of a partition.
func (s *Set) index(ctx context.Context, store table.Store, p table.Partition, opt table.ReadOptions) error {
	row := p.FirstRow
	return table.EachBatch(ctx, store, p, opt, func(b *table.Batch) (err error) {
		for i := range b.Rows {
			if s.buffers[row], err = s.describe(b, i, row); err != nil {
				return err
			}
			row++
		}
		return nil
	})
}

// describe is the buffer of row i of b, not yet in its place. row is the number of the row in the table.
func (s *Set) describe(b *table.Batch, i int, row int64) (p place, err error) {
	if p.id, err = s.number(b, i, row, pack.BufferColumn); err != nil {
		return p, err
	}
	if b.Col(pack.KeyColumn) != nil {
		if p.key, err = s.number(b, i, row, pack.KeyColumn); err != nil {
			return p, err
		}
	}
	for k := range s.layout.Len() {
		v := s.layout.Variable(k)
		column := v.Name + pack.ShapeSuffix
		shape, err := shapeAt(b.Col(column), i)
		if err != nil {
			return p, s.fail(column, row, err)
		}
		if !slices.Equal(shape[1:], v.Shape) {
			return p, s.fail(v.Name, row, &ShapeError{Data: shape[1:], Layout: v.Shape, Label: k >= len(s.layout.Inputs)})
		}
		if k == 0 {
			p.rows = shape[0]
		} else if shape[0] != p.rows {
			return p, s.fail(column, row, fmt.Errorf("%d rows, but column %q of the same buffer has %d", shape[0], s.layout.Variable(0).Name, p.rows))
		}
	}
	return p, nil
}

// number is the integer of a column in row i of b.
func (s *Set) number(b *table.Batch, i int, row int64, column string) (int64, error) {
	v := b.Col(column)
	if v.IsNull(i) {
		return 0, s.fail(column, row, errNull)
	}
	return integerAt(v, i), nil
}

var errNull = errors.New("the value is NULL")

// shapeAt is the shape of a buffer: its rows and the shape of a row.
func shapeAt(v *table.Vector, i int) ([]int, error) {
	if v.IsNull(i) {
		return nil, errNull
	}
	var shape []int
	for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
		if v.ElemNull != nil && v.ElemNull[j] {
			return nil, errors.New("an element is NULL")
		}
		shape = append(shape, int(integerAt(v, j)))
	}
	if len(shape) == 0 || shape[0] < 0 {
		return nil, fmt.Errorf("shape %v does not begin with a number of rows", shape)
	}
	return shape, nil
}

// A ShapeError is a variable whose rows have another shape than the layout's.
type ShapeError struct {
	Data, Layout []int
	Label        bool
}

func (e *ShapeError) Error() string {
	if e.Label {
		return fmt.Sprintf("the labels have shape %v, expected %v", e.Data, e.Layout)
	}
	return fmt.Sprintf("the rows have shape %v, the model's input has shape %v", e.Data, e.Layout)
}

func (s *Set) fail(column string, row int64, err error) error {
	return &table.ValueError{Table: s.Name, Column: column, Row: row + 1, Err: err}
}

// integerAt is element j of an integer vector.
func integerAt(v *table.Vector, j int) int64 {
	switch v.Type.Kind {
	case table.Int16:
		return int64(v.Int16s[j])
	case table.Int32:
		return int64(v.Int32s[j])
	}
	return v.Int64s[j]
}

// arrange gives every buffer its shard and its place there.
func (s *Set) arrange() {
	order := make([]int, len(s.buffers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		p, q := s.buffers[a], s.buffers[b]
		return cmp.Or(cmp.Compare(p.key, q.key), cmp.Compare(p.id, q.id))
	})
	for n, i := range order {
		p := &s.buffers[i]
		if n == 0 || p.key != s.shards[len(s.shards)-1].key {
			s.shards = append(s.shards, shard{key: p.key})
		}
		p.shard = len(s.shards) - 1
		sh := &s.shards[p.shard]
		p.at = len(sh.buffers)
		sh.buffers = append(sh.buffers, nil)
		sh.rows += p.rows
	}
}

// Rows is the number of rows of all shards.
func (s *Set) Rows() int64 {
	n := int64(0)
	for _, sh := range s.shards {
		n += int64(sh.rows)
	}
	return n
}

// Digest is the SHA-256 of all values, in the order of shards and buffers, once the set is loaded.
func (s *Set) Digest() []byte {
	h := sha256.New()
	for _, sh := range s.shards {
		for _, b := range sh.buffers {
			_ = b.Write(h) // a hash takes everything
		}
	}
	return h.Sum(nil)
}

// Buffers is the number of buffers.
func (s *Set) Buffers() int { return len(s.buffers) }

// Shards is the number of shards.
func (s *Set) Shards() int { return len(s.shards) }

// ShardRows is the number of rows of a shard.
func (s *Set) ShardRows(shard int) int { return s.shards[shard].rows }

// rowsOf are the rows of a buffer.
func rowsOf(b *buffer.Buffer) trainer.Buffer {
	return trainer.Buffer{Inputs: b.Inputs, Labels: b.Labels, Numbers: b.Numbers, N: b.N}
}

// Data is what a shard holds, once the set is loaded. Nobody changes it.
func (s *Set) Data(shard int) trainer.Dataset {
	var data trainer.Buffers
	for _, b := range s.shards[shard].buffers {
		data = append(data, rowsOf(b))
	}
	return data
}
