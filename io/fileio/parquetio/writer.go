package parquetio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// groupBytes is about the size of a row group before compression.
const groupBytes = 32 << 20

// A Writer writes rows as a Parquet file, compressed with Snappy.
type Writer struct {
	out     io.Writer
	mem     memory.Allocator
	schema  table.Schema
	limit   int   // bytes of a row group
	depth   []int // of the lists of each column, 0 for scalars; nil before the first row
	arrow   *arrow.Schema
	file    *assembler
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
	for row := range b.Rows {
		for c := range b.Cols {
			w.bytes += arrowvec.RowBytes(&b.Cols[c], row)
			arrowvec.AppendRows(&w.pending.Cols[c], &b.Cols[c], row, row+1)
		}
		w.pending.Rows++
		if w.bytes >= w.limit {
			if err := ctx.Err(); err != nil {
				return err
			}
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
		fields[i] = arrowvec.Field(c, arrowvec.NestedType(c.Type, w.depth[i]))
		sql[i] = c.Type.SQL
	}
	types, err := json.Marshal(sql)
	if err != nil {
		return err
	}
	keep := arrow.NewMetadata([]string{typesKey}, []string{string(types)})
	w.arrow = arrow.NewSchema(fields, &keep)
	w.file = &assembler{out: w.out}
	return nil
}

// library lets the Parquet library write a whole file of the rows that fn gives it.
func (w *Writer) library(fn func(f *pqarrow.FileWriter) error) error {
	w.part.Reset()
	return guard(func() error {
		props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithAllocator(w.mem))
		arrowProps := pqarrow.NewArrowWriterProperties(pqarrow.WithAllocator(w.mem))
		f, err := pqarrow.NewFileWriter(w.arrow, &w.part, props, arrowProps)
		if err != nil {
			return err
		}
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

func (w *Writer) group() error {
	var columns []arrow.Array
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	for i := range w.schema {
		a, err := w.column(i)
		var bad *arrowvec.RowError
		switch {
		case errors.As(err, &bad):
			return fmt.Errorf("column %q, row %d: %w", w.schema[i].Name, w.rows+int64(bad.Row)+1, bad.Err)
		case err != nil:
			return fmt.Errorf("column %q: %w", w.schema[i].Name, err)
		}
		columns = append(columns, a)
	}
	record := array.NewRecord(w.arrow, columns, int64(w.pending.Rows))
	defer record.Release()
	if err := w.library(func(f *pqarrow.FileWriter) error { return f.Write(record) }); err != nil {
		return err
	}
	return w.file.add(w.part.Bytes())
}

func (w *Writer) column(i int) (arrow.Array, error) {
	if w.depth[i] == 0 {
		return arrowvec.Array(&w.pending.Cols[i])
	}
	return arrowvec.Nested(&w.pending.Cols[i], w.depth[i])
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
		if err := w.library(func(*pqarrow.FileWriter) error { return nil }); err != nil {
			return err
		}
		if err := w.file.add(w.part.Bytes()); err != nil {
			return err
		}
	}
	return w.file.finish()
}
