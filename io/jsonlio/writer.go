package jsonlio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/internal/inorder"
	"github.com/beamfit/beamfit/io/table"
)

// A Writer writes rows as JSON lines. Several batches are made text at the same time.
type Writer struct {
	out    io.Writer
	schema table.Schema
	names  [][]byte // as they begin a member, with the colon
	work   *inorder.Queue[[]byte]
}

// NewWriter begins a file.
func NewWriter(out io.Writer, schema table.Schema) (*Writer, error) {
	w := &Writer{out: out, schema: schema, work: inorder.New[[]byte]()}
	for _, c := range schema {
		w.names = append(w.names, append(appendText(nil, c.Name), ':'))
	}
	return w, schema.Check()
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
			out = w.appendRow(out, rows, row)
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

func (w *Writer) appendRow(dst []byte, b *table.Batch, row int) []byte {
	dst = append(dst, '{')
	for i := range b.Cols {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, w.names[i]...)
		switch v := &b.Cols[i]; {
		case v.IsNull(row):
			dst = append(dst, "null"...)
		case v.Type.Array:
			next := v.Offsets[row]
			dst = appendList(dst, v, v.Shape(row), &next)
		default:
			dst = appendValue(dst, v, row)
		}
	}
	return append(dst, "}\n"...)
}

// appendList appends the array of that shape whose first element is *next, and moves *next past it.
func appendList(dst []byte, v *table.Vector, shape []int, next *int) []byte {
	dst = append(dst, '[')
	for k := range append(shape, 0)[0] {
		if k > 0 {
			dst = append(dst, ',')
		}
		switch {
		case len(shape) > 1:
			dst = appendList(dst, v, shape[1:], next)
			continue
		case v.ElemNull != nil && v.ElemNull[*next]:
			dst = append(dst, "null"...)
		default:
			dst = appendValue(dst, v, *next)
		}
		*next++
	}
	return append(dst, ']')
}

// appendValue appends element j, which is not NULL.
func appendValue(dst []byte, v *table.Vector, j int) []byte {
	text := v.ElemText(j)
	switch v.Type.Kind {
	case table.Bool, table.Int16, table.Int32, table.Int64:
		return append(dst, text...)
	case table.Float32, table.Float64, table.Numeric:
		if c := text[len(text)-1]; c >= '0' && c <= '9' {
			return append(dst, text...)
		}
	case table.Other:
		if elem := v.Type.Elem().SQL; elem == "json" || elem == "jsonb" {
			var out bytes.Buffer
			if json.Compact(&out, []byte(text)) == nil {
				return append(dst, out.Bytes()...)
			}
		}
	}
	return appendText(dst, text)
}

// appendText appends a text as JSON, with the characters of HTML as they are.
func appendText(dst []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a text is JSON always
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
