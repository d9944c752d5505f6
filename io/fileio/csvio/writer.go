package csvio

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A Writer writes rows as CSV, as COPY ... WITH (FORMAT csv, HEADER) does.
type Writer struct {
	out    *bufio.Writer
	opt    Options
	schema table.Schema
	line   []byte
}

// NewWriter begins a CSV file: unless opt.NoHeader, the header is written. opt.Types has no meaning here.
func NewWriter(out io.Writer, schema table.Schema, opt Options) (*Writer, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	w := &Writer{out: bufio.NewWriterSize(out, 64<<10), opt: opt, schema: schema}
	if opt.NoHeader {
		return w, nil
	}
	for i, c := range schema {
		w.field(i, c.Name, false)
	}
	return w, w.end()
}

// Write adds rows.
func (w *Writer) Write(ctx context.Context, b *table.Batch) error {
	for row := range b.Rows {
		if row%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for i := range b.Cols {
			text, null := table.FormatValue(&b.Cols[i], row)
			w.field(i, text, null)
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

// field adds a field to the line.
func (w *Writer) field(i int, text string, null bool) {
	delim := w.opt.delimiter()
	if i > 0 {
		w.line = append(w.line, delim)
	}
	switch {
	case null:
		w.line = append(w.line, w.opt.Null...)
	case text == w.opt.Null || text == "" || text == `\.` || strings.IndexByte(text, delim) >= 0 || strings.ContainsAny(text, "\"\r\n"):
		w.line = append(w.line, '"')
		for j := range len(text) {
			if text[j] == '"' {
				w.line = append(w.line, '"')
			}
			w.line = append(w.line, text[j])
		}
		w.line = append(w.line, '"')
	default:
		w.line = append(w.line, text...)
	}
}

func (w *Writer) end() error {
	w.line = append(w.line, '\n')
	_, err := w.out.Write(w.line)
	w.line = w.line[:0]
	if err != nil {
		return fmt.Errorf("csv: %w", err)
	}
	return nil
}

// Close writes what is still buffered; it does not close the file.
func (w *Writer) Close() error { return w.out.Flush() }
