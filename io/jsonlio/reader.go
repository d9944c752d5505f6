package jsonlio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/internal/textfile"
	"github.com/beamfit/beamfit/io/internal/textvalue"
	"github.com/beamfit/beamfit/io/table"
)

const (
	maxLine    = 256 << 20
	maxColumns = 10_000
	// Batches end at the first line that brings the text to batchBytes, and have at most batchRows rows.
	batchBytes = 4 << 20
	batchRows  = 1 << 16
)

// An Error is an error at a place in a file.
type Error struct {
	File   string
	Line   int    // counted from 1; 0: not about a line
	Member string // "": not about a member
	Err    error
}

func (e *Error) Error() string {
	place := "file " + e.File
	if e.Line > 0 {
		place += fmt.Sprintf(", line %d", e.Line)
	}
	if e.Member != "" {
		place += fmt.Sprintf(", member %q", e.Member)
	}
	return fmt.Sprintf("%s: %v", place, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// A Reader returns the rows of a file of JSON lines.
type Reader struct {
	f       *textfile.File
	in      *bufio.Reader
	line    int
	longer  []byte
	members []member
	schema  table.Schema
	places  map[string]int
	batches [2]*table.Batch // one is filled while the other is used
	rows    int64
	filled  []bool // per column: the row that is being read has it
}

var _ table.Reader = (*Reader)(nil)

// Open opens a file. It is read through once, to find its columns and their types, before Open returns. encoding is the name of the text's
// encoding, "" to find it; types are the types of columns, by name. looked is told how many lines have been read to find them; nil: nobody.
func Open(ctx context.Context, path, encoding string, types table.Schema, looked func(rows int64)) (*Reader, error) {
	if types != nil {
		if err := types.Check(); err != nil {
			return nil, fmt.Errorf("file %s: %w", path, err)
		}
	}
	f, err := textfile.Open(path, encoding)
	if err != nil {
		return nil, err
	}
	r := &Reader{f: f, in: bufio.NewReaderSize(f, 256<<10), places: map[string]int{}}
	if err := r.begin(ctx, types, looked); err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) fail(name string, err error) error {
	return &Error{File: r.f.Name(), Line: r.line, Member: name, Err: err}
}

// begin finds the columns and goes back to the first line.
func (r *Reader) begin(ctx context.Context, types table.Schema, looked func(rows int64)) error {
	if !r.f.CanRewind() {
		return &Error{File: r.f.Name(), Err: errors.New("a pipe cannot be read twice, as JSON lines are, once for the columns and once for the rows: write it to a file first")}
	}
	var guesses []guess
	n := 0
	for ; ; n++ {
		if n%1024 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if looked != nil {
				looked(int64(n))
			}
		}
		row, err := r.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, m := range row {
			i, known := r.places[m.name]
			if !known {
				if i = len(r.schema); i == maxColumns {
					return r.fail(m.name, fmt.Errorf("more than %d members in all", maxColumns))
				}
				r.places[m.name] = i
				r.schema = append(r.schema, table.Column{Name: m.name})
				guesses = append(guesses, newGuess())
			}
			guesses[i].add(m.value)
		}
	}
	r.rows = int64(n)
	if n == 0 { // a table without rows
		for i, c := range types {
			r.places[c.Name] = i
			r.schema, guesses = append(r.schema, c), append(guesses, newGuess())
		}
	}
	if len(r.schema) == 0 {
		return &Error{File: r.f.Name(), Err: errors.New("there is no object with a member in the file")}
	}
	for i := range r.schema {
		r.schema[i].Type = guesses[i].typ()
	}
	for _, c := range types {
		i, ok := r.places[c.Name]
		if !ok {
			return &Error{File: r.f.Name(), Err: &table.ColumnError{Column: c.Name, Columns: r.schema.Names()}}
		}
		r.schema[i].Type = c.Type
	}
	if err := r.schema.Check(); err != nil {
		return &Error{File: r.f.Name(), Err: err}
	}
	if err := r.f.Rewind(); err != nil {
		return &Error{File: r.f.Name(), Err: err}
	}
	r.in.Reset(r.f)
	r.line = 0
	r.batches = [2]*table.Batch{table.NewBatch(r.schema), table.NewBatch(r.schema)}
	r.filled = make([]bool, len(r.schema))
	return nil
}

// row reads the members of the next line that is not empty. They are valid until the next call.
func (r *Reader) row() ([]member, error) {
	for {
		line, err := r.readLine()
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if r.line == 1 && line[0] == '[' {
			return nil, r.fail("", errors.New("a list of objects; JSON lines have an object in every line (jq -c '.[]' makes them)"))
		}
		if !utf8.Valid(line) {
			return nil, r.fail("", errors.New("text that is not valid UTF-8; --encoding says what it is encoded in"))
		}
		if r.members, err = members(r.members[:0], line); err != nil {
			return nil, r.fail("", err)
		}
		return r.members, nil
	}
}

func (r *Reader) readLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.longer = append(r.longer[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = r.in.ReadSlice('\n')
			if len(r.longer)+len(line) > maxLine {
				r.line++
				return nil, r.fail("", fmt.Errorf("a line of more than %d bytes", maxLine))
			}
			r.longer = append(r.longer, line...)
		}
		line = r.longer
	}
	if len(line) == 0 && errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	r.line++
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, r.fail("", oserr.Named(err))
	}
	return line, nil
}

// Notices are none: every line says what it is.
func (r *Reader) Notices() []string { return nil }

// Rows is the number of rows.
func (r *Reader) Rows() int64 { return r.rows }

// Schema has the columns with their types.
func (r *Reader) Schema() table.Schema { return r.schema }

// Next returns the next rows, which are valid until the second call after it.
func (r *Reader) Next(ctx context.Context) (*table.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.batches[0], r.batches[1] = r.batches[1], r.batches[0]
	b := r.batches[0]
	b.Reset()
	for size := 0; size < batchBytes && b.Rows < batchRows; b.Rows++ {
		row, err := r.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		clear(r.filled)
		for _, m := range row {
			i, known := r.places[m.name]
			switch {
			case !known:
				return nil, r.fail(m.name, errors.New("it was not there when the file was read for its columns"))
			case r.filled[i]:
				return nil, r.fail(m.name, errors.New("the object has it twice"))
			}
			r.filled[i] = true
			size += len(m.value)
			if err := add(&b.Cols[i], m.value); err != nil {
				return nil, r.fail(m.name, err)
			}
		}
		for i, filled := range r.filled {
			if !filled {
				b.Cols[i].AppendNull()
			}
		}
	}
	if b.Rows == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// add appends a value to a column.
func add(v *table.Vector, value []byte) error {
	switch {
	case value[0] == 'n':
		v.AppendNull()
		return nil
	case v.Type.Array:
		if v.AppendNumberList(value) {
			return nil
		}
		a, err := textvalue.ParseJSONList(string(value))
		if err != nil {
			return err
		}
		return v.AppendTextArray(a)
	case v.Type.Kind == table.Other && (v.Type.SQL == "json" || v.Type.SQL == "jsonb"):
		return v.AppendText(string(value))
	case value[0] == '"':
		s, err := text(value)
		if err != nil {
			return err
		}
		return v.AppendText(s)
	case v.AppendNumber(value):
		return nil
	}
	return v.AppendText(string(value))
}

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }
