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
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
	"github.com/beamfit/beamfit/io/fileio/internal/inorder"
	"github.com/beamfit/beamfit/io/table"
)

// groupBytes is about the size of a row group before compression.
const groupBytes = 16 << 20

// writeLevels is how many levels the library takes at a time; in between it looks at the size of the page.
const writeLevels = 8 << 10

// A Writer writes rows as a Parquet file, compressed with Snappy. Several row groups are made at the same time.
type Writer struct {
	out     io.Writer
	schema  table.Schema
	limit   int   // bytes of a row group
	depth   []int // of the lists of each column, 0 for scalars; nil before the first row
	types   string
	file    *assembler
	pending *group
	work    *inorder.Queue[*group]
	free    []*group
	rows    int64
}

// A group is rows on their way to be a row group.
type group struct {
	batches []*table.Batch
	free    []*table.Batch // memory for more
	bytes   int
	first   int64 // rows before it
	levels  levels
	part    bytes.Buffer // the row group, as the library writes it into a file of its own
}

// NewWriter begins a Parquet file.
func NewWriter(out io.Writer, schema table.Schema) (*Writer, error) {
	if err := schema.Check(); err != nil {
		return nil, err
	}
	w := &Writer{out: out, schema: schema, limit: groupBytes, work: inorder.New[*group]()}
	w.pending = w.group()
	return w, nil
}

// group is an empty one.
func (w *Writer) group() *group {
	n := len(w.free)
	if n == 0 {
		return new(group)
	}
	g := w.free[n-1]
	w.free = w.free[:n-1]
	g.free, g.batches = append(g.free, g.batches...), g.batches[:0]
	g.part.Reset()
	g.bytes = 0
	return g
}

// add copies rows from to to of a batch into the group.
func (g *group) add(b *table.Batch, from, to int) {
	var own *table.Batch
	if n := len(g.free); n > 0 {
		own, g.free = g.free[n-1], g.free[:n-1]
		own.Reset()
	} else {
		own = table.NewBatch(b.Schema)
	}
	for c := range b.Cols {
		arrowvec.AppendRows(&own.Cols[c], &b.Cols[c], from, to)
	}
	own.Rows = to - from
	g.batches = append(g.batches, own)
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
		w.pending.add(b, from, row+1)
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
	if len(g.batches) == 0 {
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
	return w.file.add(g.part.Bytes())
}

// begin decides how deep lists are and begins the file.
func (w *Writer) begin() error {
	w.depth = make([]int, len(w.schema))
	sql := make([]string, len(w.schema))
	for i, c := range w.schema {
		w.depth[i] = w.pending.depth(i, c.Type)
		sql[i] = c.Type.SQL
	}
	types, err := json.Marshal(sql)
	if err != nil {
		return err
	}
	w.types = string(types)
	w.file = &assembler{out: w.out}
	return nil
}

// encode makes a row group.
func (w *Writer) encode(g *group) error {
	column := 0
	g.part.Grow(g.bytes + g.bytes/8) // about what it will have, and not twice that in steps
	err := w.writeFile(&g.part, g.batches[0], func(f *file.Writer) error {
		out := f.AppendRowGroup()
		for i := range w.schema {
			column = i
			chunk, err := out.NextColumn()
			if err == nil {
				err = g.writeColumn(chunk, i, w.depth[i])
			}
			if err != nil {
				return err
			}
		}
		return out.Close()
	})
	var bad *arrowvec.RowError
	switch {
	case errors.As(err, &bad):
		return fmt.Errorf("column %q, row %d: %w", w.schema[column].Name, g.first+int64(bad.Row)+1, bad.Err)
	case err != nil:
		return fmt.Errorf("column %q: %w", w.schema[column].Name, err)
	}
	return nil
}

// writeFile lets the Parquet library write a whole file of the rows that fn gives it; sample is some of them, nil: there are none.
func (w *Writer) writeFile(out *bytes.Buffer, sample *table.Batch, fn func(f *file.Writer) error) error {
	return guard(func() error {
		fields := make([]arrow.Field, len(w.schema))
		for i, c := range w.schema {
			fields[i] = arrowvec.Field(c, arrowvec.ListType(c.Type, w.depth[i]))
		}
		leaves, err := pqarrow.ToParquet(arrow.NewSchema(fields, nil), parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
		if err != nil {
			return err
		}
		// Pages of format 2: to those of format 1 the library takes time that grows with the square of their levels.
		options := []parquet.WriterProperty{
			parquet.WithCompression(compress.Codecs.Snappy), parquet.WithBatchSize(writeLevels), parquet.WithDataPageVersion(parquet.DataPageV2),
		}
		for i := range w.schema {
			if sample != nil && differ(&sample.Cols[i]) {
				options = append(options, parquet.WithDictionaryPath(leaves.Column(i).ColumnPath(), false))
			}
		}
		props := parquet.NewWriterProperties(options...)
		keep := metadata.KeyValueMetadata{}
		if err := keep.Append(typesKey, w.types); err != nil {
			return err
		}
		f := file.NewParquetWriter(out, leaves.Root(), file.WithWriterProps(props), file.WithWriteMetadata(keep))
		if err := fn(f); err != nil {
			return err
		}
		return f.Close()
	})
}

// depth is the number of dimensions of the first array of a column that is not empty; 0 for scalars.
func (g *group) depth(column int, t table.Type) int {
	if !t.Array {
		return 0
	}
	for _, b := range g.batches {
		v := &b.Cols[column]
		for i := range v.Len() {
			if v.Offsets[i+1] > v.Offsets[i] {
				return len(v.Shape(i))
			}
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
	if w.rows == 0 { // the schema comes from a file without rows
		var empty bytes.Buffer
		if err := w.writeFile(&empty, nil, func(*file.Writer) error { return nil }); err != nil {
			return err
		}
		if err := w.file.add(empty.Bytes()); err != nil {
			return err
		}
	}
	return w.file.finish()
}
