package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// Read opens a partition.
func (s *Store) Read(ctx context.Context, p table.Partition, opt table.ReadOptions) (table.Reader, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	r, err := s.read(p, opt)
	if err != nil {
		return nil, about(p.Table, err)
	}
	return r, nil
}

func (s *Store) read(p table.Partition, opt table.ReadOptions) (_ *reader, err error) {
	var t token
	if err := json.Unmarshal([]byte(p.Token), &t); err != nil || !inside(t.Folder) || !isGeneration(t.Generation) {
		return nil, fmt.Errorf("the partition's token %q is not one of this store", p.Token)
	}
	if _, ok := open.Load(t.Snapshot); !ok && strings.HasPrefix(t.Snapshot, process+"/") {
		return nil, errors.New("the snapshot is closed")
	}
	dir := filepath.Join(s.root, t.Folder, t.Generation)
	r := &reader{disk: s.disk, dir: dir, row: p.FirstRow, end: p.FirstRow + p.Rows, opt: opt, partition: p}
	if r.lease, err = s.disk.lease(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.lease.release()
		}
	}()
	m, schema, err := s.disk.loadManifest(dir, t.Manifest)
	if err != nil {
		return nil, err
	}
	if p.FirstRow < 0 || p.Rows < 0 || p.FirstRow > m.Rows-p.Rows {
		return nil, fmt.Errorf("a partition of rows %d to %d in a table of %d rows", p.FirstRow, p.FirstRow+p.Rows, m.Rows)
	}
	for _, part := range m.Parts {
		r.files = append(r.files, part.Files...)
	}
	r.stored = schema
	return r, r.choose()
}

// A reader returns the rows of one range of a generation.
type reader struct {
	disk      disk
	dir       string
	lease     *lock
	stored    table.Schema
	files     []fileMeta
	opt       table.ReadOptions
	partition table.Partition

	// The columns of the batches.
	schema  table.Schema
	columns []int  // their positions in stored
	float32 []bool // which of them are converted

	row, end int64 // the next row to return, and the end of the range
	seen     int64 // the number of the first row of the batch that comes next in the files
	file     int   // the file in use, or to be used next
	next     int   // the batch in it that comes next
	part     *partReader

	// The batch in use.
	rows   int   // how many it has, 0: none is in use
	start  int64 // the number of its first row
	values []loaded
	shapes []loaded // of the arrays, where the file has them

	batch table.Batch
	raw   []table.Vector // what is read of columns that are converted, or of which only some rows are wanted
	kept  []table.Vector // what is wanted of those
}

// loaded is a column of the batch in use, or the shapes of its arrays.
type loaded struct {
	data   arrow.ArrayData
	memory []byte // of data, to be used again
}

// choose sets up the columns that are wanted.
func (r *reader) choose() error {
	names := r.opt.Columns
	if names == nil {
		names = r.stored.Names()
	}
	at, err := r.stored.Places(names)
	if err != nil {
		return table.OfTable(r.partition.Table, err)
	}
	r.schema = make(table.Schema, len(at))
	for i, j := range at {
		r.schema[i] = r.stored[j]
	}
	r.columns, r.float32 = at, make([]bool, len(at))
	for _, n := range r.opt.Float32 {
		i := slices.Index(names, n)
		if i < 0 {
			return &table.ColumnError{Table: r.partition.Table, Column: n, Columns: names}
		}
		if t := r.stored[r.columns[i]].Type; !t.Array || !t.IsNumber() {
			return fmt.Errorf("column %q has type %s; to be read as real[] it must be an array of numbers", n, t)
		}
		for i, m := range names {
			if m == n {
				r.schema[i].Type, r.float32[i] = table.Float32ArrayType, true
			}
		}
	}
	r.batch = *table.NewBatch(r.schema)
	r.raw, r.kept = make([]table.Vector, len(at)), make([]table.Vector, len(at))
	r.values, r.shapes = make([]loaded, len(at)), make([]loaded, len(at))
	return nil
}

func (r *reader) Schema() table.Schema { return r.schema }

// Next returns the next rows of the batch in use, or of the one after it.
func (r *reader) Next(ctx context.Context) (*table.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.lease == nil {
		return nil, about(r.partition.Table, errors.New("the reader is closed"))
	}
	if r.opt.Only != nil {
		r.skip()
	}
	if r.row >= r.end {
		return nil, io.EOF
	}
	if r.rows == 0 {
		if err := r.load(); err != nil {
			return nil, about(r.partition.Table, err)
		}
	}
	from := int(r.row - r.start)
	n := int(min(int64(r.rows-from), r.end-r.row))
	if r.opt.BatchRows > 0 {
		n = min(n, r.opt.BatchRows)
	}
	if err := r.fill(from, n); err != nil {
		return nil, about(r.partition.Table, err)
	}
	r.row += int64(n)
	if from+n == r.rows || r.row == r.end {
		r.release()
	}
	return &r.batch, nil
}

// skip goes to the next row that is wanted.
func (r *reader) skip() {
	if r.row = r.opt.Only.Next(r.row); r.row < 0 {
		r.row = r.end
	}
	if r.rows > 0 && r.row >= r.start+int64(r.rows) {
		r.release()
	}
}

// load makes the batch with row r.row the one in use.
func (r *reader) load() error {
	for ; r.file < len(r.files); r.file, r.next = r.file+1, 0 {
		f := r.files[r.file]
		for ; r.next < len(f.Batches); r.next++ {
			b := f.Batches[r.next]
			if r.row >= r.seen+int64(b.Rows) {
				r.seen += int64(b.Rows)
				continue
			}
			if r.part == nil {
				part, err := r.disk.openPart(r.dir, f, r.stored)
				if err != nil {
					return err
				}
				r.part = part
			}
			if err := r.use(b); err != nil {
				return err
			}
			r.rows, r.start = b.Rows, r.seen
			r.seen += int64(b.Rows)
			r.next++
			return nil
		}
		if err := r.closePart(); err != nil {
			return err
		}
	}
	return fmt.Errorf("row %d is not in the files", r.row+1) // the manifest was checked: cannot happen
}

// use reads the wanted columns of a batch of the file in use.
func (r *reader) use(b batchMeta) error {
	batch, err := r.part.batch(b)
	if err != nil {
		return err
	}
	dims := r.part.meta.Dims
	for i, c := range r.columns {
		if err := r.values[i].read(batch, c); err != nil {
			return err
		}
		if r.stored[c].Type.Kind == table.Bytes {
			r.values[i].memory = nil // the values that Next returns lie in it, and may be kept
		}
		if d := slices.Index(dims, c); d >= 0 {
			if err := r.shapes[i].read(batch, len(r.stored)+d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loaded) read(b *partBatch, column int) (err error) {
	l.data, l.memory, err = b.column(column, l.memory)
	return err
}

// release ends the use of a batch.
func (r *reader) release() {
	r.rows = 0
	for i := range r.values {
		r.values[i].data, r.shapes[i].data = nil, nil
	}
}

// fill converts rows from to from+n of the batch in use, of which r.row is the first.
func (r *reader) fill(from, n int) error {
	r.batch.Rows = n
	if r.opt.Only != nil {
		r.batch.Rows = r.opt.Only.Among(r.row, n)
	}
	for i := range r.columns {
		if err := r.fillColumn(i, from, n); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) fillColumn(i, from, n int) error {
	stored, dst := r.stored[r.columns[i]], &r.batch.Cols[i]
	src := dst
	if r.float32[i] || r.opt.Only != nil {
		src = &r.raw[i]
		src.Type = stored.Type
	}
	err := arrowvec.Read(src, r.values[i].data, from, n)
	if shapes := r.shapes[i].data; err == nil && shapes != nil {
		err = arrowvec.ReadDims(src, shapes, from, n)
	}
	if err != nil {
		return corrupt(filepath.Join(r.dir, r.files[r.file].Name), "column %q, rows %d to %d: %w", stored.Name, r.row+1, r.row+int64(n), err)
	}
	if only := r.opt.Only; only != nil {
		kept := &r.kept[i]
		kept.Type = stored.Type
		kept.Reset()
		only.Keep(kept, src, r.row, n)
		if src = kept; !r.float32[i] {
			*dst = *kept
		}
	}
	if !r.float32[i] {
		return nil
	}
	row, err := src.ToReal(dst)
	if row < 0 {
		return err
	}
	number := r.opt.Number(table.Partition{FirstRow: r.row}, int64(row))
	return &table.ValueError{Table: r.partition.Table, Column: stored.Name, Row: number + 1, Err: err}
}

func (r *reader) closePart() error {
	if r.part == nil {
		return nil
	}
	err := r.part.close()
	r.part = nil
	return err
}

func (r *reader) Close() error {
	r.release()
	err := r.closePart()
	r.lease.release()
	r.lease = nil
	return err
}
