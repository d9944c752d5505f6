package parquetio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// groupBytes is about the size of a row group before compression.
const groupBytes = 32 << 20

// writeLevels is how many levels the library takes at a time; in between it looks at the size of the page.
const writeLevels = 8 << 10

// A Writer writes rows as a Parquet file, compressed with Snappy.
type Writer struct {
	out     io.Writer
	mem     memory.Allocator
	schema  table.Schema
	limit   int   // bytes of a row group
	depth   []int // of the lists of each column, 0 for scalars; nil before the first row
	props   *parquet.WriterProperties
	root    *schema.GroupNode
	keep    metadata.KeyValueMetadata
	file    *assembler
	levels  levels
	part    bytes.Buffer // a row group, as the library writes it into a file of its own
	pending *table.Batch
	bytes   int
	rows    int64 // before those pending
}

// NewWriter begins a Parquet file.
func NewWriter(out io.Writer, schema table.Schema) (*Writer, error) {
	if err := schema.Check(); err != nil {
		return nil, err
	}
	out = struct{ io.Writer }{out} // the library would close a Closer
	return &Writer{out: out, mem: memory.NewGoAllocator(), schema: schema, limit: groupBytes, pending: table.NewBatch(schema)}, nil
}

// Write adds rows.
func (w *Writer) Write(ctx context.Context, b *table.Batch) error {
	from := 0
	for row := range b.Rows {
		for c := range b.Cols {
			w.bytes += arrowvec.RowBytes(&b.Cols[c], row)
		}
		if w.bytes < w.limit && row < b.Rows-1 {
			continue
		}
		for c := range b.Cols {
			arrowvec.AppendRows(&w.pending.Cols[c], &b.Cols[c], from, row+1)
		}
		w.pending.Rows += row + 1 - from
		from = row + 1
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.bytes >= w.limit {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// flush writes the pending rows as a row group.
func (w *Writer) flush() error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if w.pending.Rows == 0 {
		return nil
	}
	err := w.group()
	w.rows += int64(w.pending.Rows)
	w.pending.Reset()
	w.bytes = 0
	return err
}

// begin decides how deep lists are and begins the file.
func (w *Writer) begin() error {
	w.depth = make([]int, len(w.schema))
	fields, sql := make([]arrow.Field, len(w.schema)), make([]string, len(w.schema))
	for i, c := range w.schema {
		w.depth[i] = depth(&w.pending.Cols[i])
		fields[i] = arrowvec.Field(c, arrowvec.ListType(c.Type, w.depth[i]))
		sql[i] = c.Type.SQL
	}
	types, err := json.Marshal(sql)
	if err != nil {
		return err
	}
	// Pages of format 2: to those of format 1 the library takes time that grows with the square of their levels.
	w.props = parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Snappy), parquet.WithAllocator(w.mem), parquet.WithBatchSize(writeLevels),
		parquet.WithDataPageVersion(parquet.DataPageV2))
	leaves, err := pqarrow.ToParquet(arrow.NewSchema(fields, nil), w.props, pqarrow.NewArrowWriterProperties(pqarrow.WithAllocator(w.mem)))
	if err != nil {
		return err
	}
	w.root = leaves.Root()
	if err := w.keep.Append(typesKey, string(types)); err != nil {
		return err
	}
	w.file = &assembler{out: w.out}
	return nil
}

// library lets the Parquet library write a whole file of the rows that fn gives it.
func (w *Writer) library(fn func(f *file.Writer) error) error {
	w.part.Reset()
	return guard(func() error {
		f := file.NewParquetWriter(&w.part, w.root, file.WithWriterProps(w.props), file.WithWriteMetadata(w.keep))
		if err := fn(f); err != nil {
			return err
		}
		return f.Close()
	})
}

// depth is the number of dimensions of the column's first array that is not empty; 0 for scalars.
func depth(v *table.Vector) int {
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

// group writes the pending rows as a row group.
func (w *Writer) group() error {
	column := 0
	err := w.library(func(f *file.Writer) error {
		g := f.AppendRowGroup()
		for i := range w.schema {
			column = i
			out, err := g.NextColumn()
			if err == nil {
				err = w.writeColumn(out, &w.pending.Cols[i], w.depth[i])
			}
			if err != nil {
				return err
			}
		}
		return g.Close()
	})
	var bad *arrowvec.RowError
	switch {
	case errors.As(err, &bad):
		return fmt.Errorf("column %q, row %d: %w", w.schema[column].Name, w.rows+int64(bad.Row)+1, bad.Err)
	case err != nil:
		return fmt.Errorf("column %q: %w", w.schema[column].Name, err)
	}
	return w.file.add(w.part.Bytes())
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
	if w.rows == 0 { // the schema comes from a file without rows
		if err := w.library(func(*file.Writer) error { return nil }); err != nil {
			return err
		}
		if err := w.file.add(w.part.Bytes()); err != nil {
			return err
		}
	}
	return w.file.finish()
}
