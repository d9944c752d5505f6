package csvio

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/internal/inorder"
	"github.com/beamfit/beamfit/io/table"
)

// A Writer writes rows as CSV, as COPY ... WITH (FORMAT csv, HEADER) does. Several batches are made text at the same time.
type Writer struct {
	out    io.Writer
	opt    Options
	schema table.Schema
	header []byte
	work   *inorder.Queue[*piece]
	free   []*piece
}

// A piece is rows on their way to be text.
type piece struct {
	rows *table.Batch
	text []byte
}

// NewWriter begins a CSV file: unless opt.NoHeader, the header is written. Decimal, Encoding, Types and Looked have no meaning here.
func NewWriter(out io.Writer, schema table.Schema, opt Options) (*Writer, error) {
	if err := opt.Check(); err != nil {
		return nil, err
	}
	w := &Writer{out: out, opt: opt, schema: schema, work: inorder.New[*piece]()}
	if opt.NoHeader {
		return w, nil
	}
	for i, c := range schema {
		if i > 0 {
			w.header = append(w.header, opt.delimiter())
		}
		start := len(w.header)
		w.header = opt.enclose(append(w.header, c.Name...), start)
	}
	w.header = append(w.header, '\n')
	return w, nil
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
	p := w.piece()
	for i := range b.Cols {
		arrowvec.AppendRows(&p.rows.Cols[i], &b.Cols[i], 0, b.Rows)
	}
	p.rows.Rows = b.Rows
	w.work.Begin(func() (*piece, error) {
		for row := range p.rows.Rows {
			if row%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			p.text = append(w.opt.appendRow(p.text, p.rows, row), '\n')
		}
		return p, nil
	})
	return nil
}

// piece is an empty one.
func (w *Writer) piece() *piece {
	n := len(w.free)
	if n == 0 {
		return &piece{rows: table.NewBatch(w.schema)}
	}
	p := w.free[n-1]
	w.free = w.free[:n-1]
	p.rows.Reset()
	p.text = p.text[:0]
	return p
}

// take writes the text of the rows that came first.
func (w *Writer) take() error {
	p, err := w.work.Take()
	if err != nil {
		return err
	}
	w.free = append(w.free, p)
	return w.write(p.text)
}

// write writes text, the header before the first.
func (w *Writer) write(text []byte) error {
	for _, text := range [][]byte{w.header, text} {
		if len(text) == 0 {
			continue
		}
		if _, err := w.out.Write(text); err != nil {
			return fmt.Errorf("csv: %w", err)
		}
	}
	w.header = nil
	return nil
}

// Close writes what is still to be written; it does not close the file.
func (w *Writer) Close() error {
	for !w.work.Empty() {
		if err := w.take(); err != nil {
			return err
		}
	}
	return w.write(nil)
}

// appendRow appends the fields of a row.
func (o *Options) appendRow(dst []byte, b *table.Batch, row int) []byte {
	for i := range b.Cols {
		if i > 0 {
			dst = append(dst, o.delimiter())
		}
		start := len(dst)
		var null bool
		if dst, null = table.AppendValue(dst, &b.Cols[i], row); null {
			dst = append(dst, o.Null...)
			continue
		}
		dst = o.enclose(dst, start)
	}
	return dst
}

// enclose puts quotes around the field that begins at start, where it needs them.
func (o *Options) enclose(dst []byte, start int) []byte {
	text := dst[start:]
	if len(text) > 0 && string(text) != o.Null && string(text) != `\.` && !o.special(text) {
		return dst
	}
	quotes := bytes.Count(text, []byte{'"'})
	n := len(text)
	for range quotes + 2 {
		dst = append(dst, '"')
	}
	text = dst[start:]
	if quotes == 0 {
		copy(text[1:], text[:n])
		text[0], text[n+1] = '"', '"'
		return dst
	}
	to := len(text) - 2
	for from := n - 1; from >= 0; from-- {
		text[to] = text[from]
		if to--; text[from] == '"' {
			text[to] = '"'
			to--
		}
	}
	text[0], text[len(text)-1] = '"', '"'
	return dst
}

// special reports whether a field has what divides fields or lines, or quotes.
func (o *Options) special(text []byte) bool {
	delim := o.delimiter()
	for _, c := range text {
		if c == delim || c == '"' || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}
