package parquetio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/internal/inorder"
	"github.com/beamfit/beamfit/io/table"
)

// Sizes before compression, about: of a row group and of its pages.
const (
	groupBytes = 16 << 20
	pageBytes  = 1 << 20
)

// maxRows is the most rows that a row group gets room for beforehand; it may get more.
const maxRows = 1 << 20

// A Writer writes rows as a Parquet file, compressed with Snappy. Several row groups are made at the same time.
type Writer struct {
	out     io.Writer
	schema  table.Schema
	limit   int   // bytes of a row group
	page    int   // bytes of a page
	depth   []int // of the lists of each column, 0 for scalars; nil before the first row
	file    *assembler
	pending *group
	work    *inorder.Queue[*group]
	free    []*group
	rows    int64
}

// A group is rows on their way to be a row group.
type group struct {
	batch *table.Batch
	sized bool // batch has memory
	bytes int
	first int64 // rows before it
	pages pageWriter
	// The columns' chunks, parts of which may be the memory of the batch.
	chunks []columnChunk
}

// NewWriter begins a Parquet file.
func NewWriter(out io.Writer, schema table.Schema) (*Writer, error) {
	if err := schema.Check(); err != nil {
		return nil, err
	}
	w := &Writer{out: out, schema: schema, limit: groupBytes, page: pageBytes, work: inorder.New[*group]()}
	w.pending = w.group()
	return w, nil
}

// group is an empty one.
func (w *Writer) group() *group {
	n := len(w.free)
	if n == 0 {
		return &group{batch: table.NewBatch(w.schema), pages: pageWriter{size: w.page}}
	}
	g := w.free[n-1]
	w.free = w.free[:n-1]
	g.batch.Reset()
	g.pages.reset()
	g.chunks, g.bytes = g.chunks[:0], 0
	return g
}

// add copies rows from to to of a batch into the group. Where it is a new one, it gets room for about limit bytes of such rows at once.
func (g *group) add(b *table.Batch, from, to, limit int) {
	times := 0
	if !g.sized {
		g.sized = true
		times = min(limit/max(1, g.bytes)+1, maxRows/(to-from)+1)
	}
	for c := range b.Cols {
		arrowvec.Grow(&g.batch.Cols[c], &b.Cols[c], from, to, times)
		arrowvec.AppendRows(&g.batch.Cols[c], &b.Cols[c], from, to)
	}
	g.batch.Rows += to - from
}

// Write adds rows, which it copies.
func (w *Writer) Write(ctx context.Context, b *table.Batch) error {
	from := 0
	for row := range b.Rows {
		for c := range b.Cols {
			w.pending.bytes += arrowvec.RowBytes(&b.Cols[c], row)
		}
		if w.pending.bytes < w.limit && row < b.Rows-1 {
			continue
		}
		w.pending.add(b, from, row+1, w.limit)
		w.rows += int64(row + 1 - from)
		from = row + 1
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.pending.bytes >= w.limit {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// flush begins to make a row group of the pending rows.
func (w *Writer) flush() error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	g := w.pending
	if g.batch.Rows == 0 {
		return nil
	}
	if w.work.Full() {
		if err := w.take(); err != nil {
			return err
		}
	}
	w.work.Begin(func() (*group, error) { return g, w.encode(g) })
	w.pending = w.group()
	w.pending.first = w.rows
	return nil
}

// take writes the row group that was begun first.
func (w *Writer) take() error {
	g, err := w.work.Take()
	if err != nil {
		return err
	}
	w.free = append(w.free, g)
	return w.file.add(g.chunks, g.batch.Rows)
}

// begin decides how deep lists are and begins the file.
func (w *Writer) begin() error {
	w.depth = make([]int, len(w.schema))
	for i := range w.schema {
		w.depth[i] = depthOf(&w.pending.batch.Cols[i])
	}
	var empty bytes.Buffer
	leaves, err := w.empty(&empty)
	if err != nil {
		return err
	}
	w.file = &assembler{out: w.out, leaves: leaves}
	return w.file.begin(empty.Bytes())
}

// encode makes a row group.
func (w *Writer) encode(g *group) error {
	for i := range w.schema {
		chunk, err := g.pages.column(&g.batch.Cols[i], w.depth[i])
		var bad *arrowvec.RowError
		switch {
		case errors.As(err, &bad):
			return fmt.Errorf("column %q, row %d: %w", w.schema[i].Name, g.first+int64(bad.Row)+1, bad.Err)
		case err != nil:
			return fmt.Errorf("column %q: %w", w.schema[i].Name, err)
		}
		g.chunks = append(g.chunks, chunk)
	}
	return nil
}

// empty lets the Parquet library write a file without rows, whose schema is that of all row groups.
func (w *Writer) empty(out *bytes.Buffer) (leaves []leaf, err error) {
	sql := make([]string, len(w.schema))
	fields := make([]arrow.Field, len(w.schema))
	for i, c := range w.schema {
		sql[i] = c.Type.SQL
		fields[i] = arrowvec.Field(c, arrowvec.ListType(c.Type, w.depth[i]))
	}
	types, err := json.Marshal(sql)
	if err != nil {
		return nil, err
	}
	keep := metadata.KeyValueMetadata{}
	if err := keep.Append(typesKey, string(types)); err != nil {
		return nil, err
	}
	err = guard(func() error {
		props := parquet.NewWriterProperties()
		schema, err := pqarrow.ToParquet(arrow.NewSchema(fields, nil), props, pqarrow.DefaultWriterProps())
		if err != nil {
			return err
		}
		for i := range w.schema {
			c := schema.Column(i)
			leaves = append(leaves, leaf{path: c.ColumnPath(), physical: int64(c.PhysicalType())})
		}
		return file.NewParquetWriter(out, schema.Root(), file.WithWriterProps(props), file.WithWriteMetadata(keep)).Close()
	})
	return leaves, err
}

// depthOf is the number of dimensions of the first array of a column that is not empty; 0 for scalars.
func depthOf(v *table.Vector) int {
	if !v.Type.Array {
		return 0
	}
	for i := range v.Len() {
		if v.Offsets[i+1] > v.Offsets[i] {
			return len(v.Shape(i))
		}
	}
	return 1
}

// guard turns a panic of the Parquet library into an error.
func guard(fn func() error) (err error) {
	defer func() {
		if x := recover(); x != nil {
			if e, ok := x.(error); ok {
				err = fmt.Errorf("parquet: %w", e)
				return
			}
			err = fmt.Errorf("parquet: %v", x)
		}
	}()
	return fn()
}

// Close writes the footer; it does not close the file.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	for !w.work.Empty() {
		if err := w.take(); err != nil {
			return err
		}
	}
	return w.file.finish()
}
