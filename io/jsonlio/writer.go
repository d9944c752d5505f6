package jsonlio

import (
	"context"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/internal/inorder"
	"github.com/beamfit/beamfit/io/table"
)

// A Writer writes rows as JSON lines. Several batches are made text at the same time.
type Writer struct {
	out     io.Writer
	schema  table.Schema
	objects Objects
	work    *inorder.Queue[[]byte]
}

// NewWriter begins a file.
func NewWriter(out io.Writer, schema table.Schema) (*Writer, error) {
	return &Writer{out: out, schema: schema, objects: ObjectsOf(schema), work: inorder.New[[]byte]()}, schema.Check()
}

// Write adds rows, which it copies.
func (w *Writer) Write(ctx context.Context, b *table.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.work.Full() {
		if err := w.take(); err != nil {
			return err
		}
	}
	rows := table.NewBatch(w.schema)
	for i := range b.Cols {
		arrowvec.AppendRows(&rows.Cols[i], &b.Cols[i], 0, b.Rows)
	}
	rows.Rows = b.Rows
	w.work.Begin(func() ([]byte, error) {
		var out []byte
		for row := range rows.Rows {
			if row%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			out = append(w.objects.Append(out, rows, row), '\n')
		}
		return out, nil
	})
	return nil
}

// take writes the text of the rows that came first.
func (w *Writer) take() error {
	text, err := w.work.Take()
	if err != nil {
		return err
	}
	if _, err := w.out.Write(text); err != nil {
		return fmt.Errorf("JSON lines: %w", err)
	}
	return nil
}

// Close writes what is still to be written; it does not close the file.
func (w *Writer) Close() error {
	for !w.work.Empty() {
		if err := w.take(); err != nil {
			return err
		}
	}
	return nil
}
