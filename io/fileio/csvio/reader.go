package csvio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/fileio/internal/inputfile"
	"github.com/beamfit/beamfit/io/fileio/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// Batches end at the first record that brings the text to batchBytes, and have at most batchRows rows.
const (
	batchBytes = 4 << 20
	batchRows  = 1 << 16
)

// A Reader returns the rows of a CSV file.
type Reader struct {
	f      *os.File
	opt    Options
	scan   *scanner
	schema table.Schema
	batch  *table.Batch
}

var _ table.Reader = (*Reader)(nil)

// Open opens a CSV file. Unless all types are given it is read through once, to infer them, before Open returns.
func Open(ctx context.Context, path string, opt Options) (*Reader, error) {
	if err := opt.check(); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	f, err := inputfile.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{f: f, opt: opt, scan: newScanner(path, f, opt.delimiter())}
	if err := r.begin(ctx); err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

// begin finds names and types of the columns and leaves the scanner at the first record of data.
func (r *Reader) begin(ctx context.Context) error {
	if r.opt.NoHeader && r.opt.Types != nil {
		r.setSchema(slices.Clone(r.opt.Types))
		return nil
	}
	first, err := r.scan.record()
	if errors.Is(err, io.EOF) {
		return &Error{File: r.f.Name(), Err: errors.New("the file is empty")}
	}
	if err != nil {
		return err
	}
	schema, known, err := r.columns(first)
	if err != nil {
		return err
	}
	if slices.Contains(known, false) {
		guesses := make([]guess, len(schema))
		for i := range guesses {
			guesses[i] = newGuess()
		}
		if r.opt.NoHeader {
			r.guess(guesses, known, first)
		}
		if err := r.infer(ctx, schema, guesses, known); err != nil {
			return err
		}
		if err := r.rewind(); err != nil {
			return err
		}
	}
	r.setSchema(schema)
	return nil
}

func (r *Reader) setSchema(s table.Schema) {
	r.schema, r.batch = s, table.NewBatch(s)
}

// columns makes the schema from the first record; known tells whose types are given.
func (r *Reader) columns(first []field) (schema table.Schema, known []bool, err error) {
	schema, known = make(table.Schema, len(first)), make([]bool, len(first))
	places := make(map[string]int, len(first))
	for i, f := range first {
		name := strings.TrimSpace(f.text)
		if r.opt.NoHeader || name == "" {
			name = fmt.Sprintf("column%d", i+1)
		}
		if j, twice := places[name]; twice {
			return nil, nil, &Error{r.f.Name(), f.line, f.column, name, fmt.Errorf("the header names column %d so too", j+1)}
		}
		schema[i].Name, places[name] = name, i
	}
	for _, c := range r.opt.Types {
		i, ok := places[c.Name]
		if !ok {
			return nil, nil, &Error{File: r.f.Name(), Line: 1, Err: &table.ColumnError{Column: c.Name, Columns: schema.Names()}}
		}
		schema[i].Type, known[i] = c.Type, true
	}
	return schema, known, nil
}

// infer reads the file to its end and sets the types that are not known.
func (r *Reader) infer(ctx context.Context, schema table.Schema, guesses []guess, known []bool) error {
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		fields, err := r.row(len(schema))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		r.guess(guesses, known, fields)
	}
	for i := range schema {
		if !known[i] {
			schema[i].Type = guesses[i].typ()
		}
	}
	return nil
}

func (r *Reader) guess(guesses []guess, known []bool, fields []field) {
	for i, f := range fields {
		if !known[i] && !r.isNull(f) {
			guesses[i].add(f.text)
		}
	}
}

func (r *Reader) isNull(f field) bool { return !f.quoted && f.text == r.opt.Null }

// rewind goes back to the first record of data.
func (r *Reader) rewind() error {
	if _, err := r.f.Seek(0, io.SeekStart); err != nil {
		return &Error{File: r.f.Name(), Err: fmt.Errorf("the types must be given, since the file cannot be read twice: %w", oserr.Named(err))}
	}
	r.scan = newScanner(r.f.Name(), r.f, r.opt.delimiter())
	if r.opt.NoHeader {
		return nil
	}
	_, err := r.scan.record()
	return err
}

// row reads the next record of n fields.
func (r *Reader) row(n int) ([]field, error) {
	for {
		fields, err := r.scan.record()
		if err != nil {
			return nil, err
		}
		if len(fields) == n {
			return fields, nil
		}
		if len(fields) == 1 && fields[0].text == "" && !fields[0].quoted {
			continue // an empty line
		}
		return nil, &Error{File: r.f.Name(), Line: fields[0].line, Err: fmt.Errorf("%d fields where %d were expected", len(fields), n)}
	}
}

// Schema has the columns with their types.
func (r *Reader) Schema() table.Schema { return r.schema }

// Next returns the next rows.
func (r *Reader) Next(ctx context.Context) (*table.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.batch.Reset()
	for size := 0; size < batchBytes && r.batch.Rows < batchRows; {
		fields, err := r.row(len(r.schema))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, f := range fields {
			size += len(f.text)
			if err := r.add(&r.batch.Cols[i], f); err != nil {
				return nil, &Error{r.f.Name(), f.line, f.column, r.schema[i].Name, err}
			}
		}
		r.batch.Rows++
	}
	if r.batch.Rows == 0 {
		return nil, io.EOF
	}
	return r.batch, nil
}

func (r *Reader) add(v *table.Vector, f field) error {
	switch {
	case r.isNull(f):
		v.AppendNull()
		return nil
	case v.Type.Array:
		a, err := parseArray(f.text)
		if err != nil {
			return err
		}
		return v.AppendTextArray(a)
	}
	return v.AppendText(f.text)
}

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }
