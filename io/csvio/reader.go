package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unsafe"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/internal/textfile"
	"github.com/beamfit/beamfit/io/internal/textvalue"
	"github.com/beamfit/beamfit/io/shellwords"
	"github.com/beamfit/beamfit/io/table"
)

// Batches end at the first record that brings the text to batchBytes, and have at most batchRows rows.
const (
	batchBytes = 4 << 20
	batchRows  = 1 << 16
)

// A Reader returns the rows of a CSV file.
type Reader struct {
	f       *textfile.File
	opt     Options
	form    form
	several bool // records have several fields: empty lines are none
	scan    *scanner
	schema  table.Schema
	columns []columnReader
	batches [2]*table.Batch // one is filled while the other is used
	notices []string
	rows    int64 // that the file has; 0: not known
}

var _ table.Reader = (*Reader)(nil)

// Open opens a CSV file. Unless all types are given it is read through once, to infer them, before Open returns.
func Open(ctx context.Context, path string, opt Options) (*Reader, error) {
	if err := opt.Check(); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	f, err := textfile.Open(path, opt.Encoding)
	if err != nil {
		return nil, err
	}
	r := &Reader{f: f, opt: opt}
	if err := r.begin(ctx); err != nil {
		_ = f.Close()
		return nil, err
	}
	return r, nil
}

// Rows is the number of rows, 0 where the file was not read through.
func (r *Reader) Rows() int64 { return r.rows }

// Notices say what was found out about the file that may have been meant otherwise, and the option that says so.
func (r *Reader) Notices() []string { return r.notices }

func (r *Reader) notice(format string, args ...any) {
	r.notices = append(r.notices, fmt.Sprintf("file %s: ", r.f.Name())+fmt.Sprintf(format, args...))
}

func (r *Reader) fail(line int, err error) error {
	return &Error{File: r.f.Name(), Line: line, Err: err}
}

// begin finds the form of the file, and names and types of the columns, and leaves the scanner at the first record of data.
func (r *Reader) begin(ctx context.Context) error {
	if err := r.findForm(); err != nil {
		return err
	}
	r.scan = newScanner(r.f.Name(), r.f, r.form)
	if r.opt.NoHeader && r.opt.Types != nil {
		r.setSchema(slices.Clone(r.opt.Types), nil)
		return nil
	}
	first, err := r.first()
	if errors.Is(err, io.EOF) {
		return r.fail(0, errors.New("the file is empty"))
	}
	if err != nil {
		return err
	}
	schema, known, err := r.names(first)
	if err != nil {
		return err
	}
	if !slices.Contains(known, false) {
		r.setSchema(schema, nil)
		return nil
	}
	if !r.f.CanRewind() {
		return r.fail(0, errors.New("a pipe cannot be read twice, once for the types and once for the rows: --types says the types of all columns, or write it to a file first"))
	}
	guesses := make([]guess, len(schema))
	for i := range guesses {
		guesses[i] = newGuess()
	}
	if r.opt.NoHeader {
		r.guess(guesses, known, first)
	}
	if r.rows, err = r.infer(ctx, schema, guesses, known); err != nil {
		return err
	}
	r.tell(schema, guesses, known, r.rows)
	if err := r.rewind(); err != nil {
		return err
	}
	r.setSchema(schema, guesses)
	return nil
}

// findForm finds how fields and lines are divided.
func (r *Reader) findForm() error {
	head, err := r.f.Head()
	if err != nil {
		return err
	}
	given := byte(r.opt.Delimiter)
	var unclear *ambiguity
	if r.form, unclear = findForm(head, len(head) < textfile.HeadBytes, given); unclear != nil {
		return r.fail(unclear.line, unclear)
	}
	r.several = severalFields(head, r.form)
	if strings.IndexByte(r.opt.Null, r.form.delim) >= 0 {
		return r.fail(0, fmt.Errorf("null text %q: it holds the delimiter", r.opt.Null))
	}
	if given == 0 && r.form.delim != ',' {
		r.notice("fields are divided by %q; --delimiter names another character", r.form.delim)
	}
	return nil
}

// setSchema prepares to read rows; guesses are nil where all types are given.
func (r *Reader) setSchema(s table.Schema, guesses []guess) {
	r.schema, r.batches = s, [2]*table.Batch{table.NewBatch(s), table.NewBatch(s)}
	r.columns = make([]columnReader, len(s))
	for i, c := range s {
		number := !c.Type.Array && c.Type.IsNumber()
		r.columns[i] = columnReader{
			text:  !c.Type.Array && c.Type.Kind == table.Text,
			comma: number && (r.opt.Decimal == ',' || guesses != nil && guesses[i].decimalComma()),
		}
	}
}

// names makes the schema from the first record; known tells whose types are given.
func (r *Reader) names(first []field) (schema table.Schema, known []bool, err error) {
	schema, known = make(table.Schema, len(first)), make([]bool, len(first))
	places := make(map[string]int, len(first))
	for i, f := range first {
		name := string(bytes.TrimSpace(f.text))
		if r.opt.NoHeader || name == "" {
			name = fmt.Sprintf("column%d", i+1)
		}
		if j, twice := places[name]; twice {
			line, column := r.scan.place(f)
			return nil, nil, &Error{r.f.Name(), line, column, name, fmt.Errorf("the header names column %d so too; --header=false takes the first line for a row", j+1)}
		}
		schema[i].Name, places[name] = name, i
	}
	for _, c := range r.opt.Types {
		i, ok := places[c.Name]
		if !ok {
			return nil, nil, r.fail(first[0].line, &table.ColumnError{Column: c.Name, Columns: schema.Names()})
		}
		schema[i].Type, known[i] = c.Type, true
	}
	if r.opt.NoHeader || r.opt.Header {
		return schema, known, nil
	}
	return schema, known, r.checkHeader(first, known)
}

// checkHeader refuses a row of data in the place of the header. Names that are integers may be meant, as the columns of a matrix.
func (r *Reader) checkHeader(first []field, known []bool) error {
	integers := 0
	for i, f := range first {
		if f.quoted || known[i] {
			continue
		}
		switch textvalue.NumberKind(table.TrimBlanks(f.text)) {
		case textvalue.Integer:
			integers++
		case textvalue.Whole, textvalue.Huge, textvalue.Real:
			line, column := r.scan.place(f)
			return &Error{r.f.Name(), line, column, string(f.text), errors.New(
				"the first line is to name the columns, and this is a number; --header=false takes it for a row, --header for names")}
		}
	}
	if integers == len(first) {
		r.notice("the first line names the columns, though all are numbers; --header=false takes it for a row")
	}
	return nil
}

// infer reads the file to its end, sets the types that are not known and counts the rows.
func (r *Reader) infer(ctx context.Context, schema table.Schema, guesses []guess, known []bool) (rows int64, err error) {
	if r.opt.NoHeader {
		rows++
	}
	for ; ; rows++ {
		if rows%1024 == 0 {
			if ctx.Err() != nil {
				return rows, ctx.Err()
			}
			if r.opt.Looked != nil {
				r.opt.Looked(rows)
			}
		}
		fields, err := r.row(len(schema))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return rows, err
		}
		r.guess(guesses, known, fields)
	}
	for i := range schema {
		if !known[i] {
			schema[i].Type = guesses[i].typ()
		}
	}
	return rows, nil
}

func (r *Reader) guess(guesses []guess, known []bool, fields []field) {
	for i, f := range fields {
		if !known[i] && len(f.text) > 0 && string(f.text) != r.opt.Null {
			guesses[i].add(f.text, byte(r.opt.Decimal))
		}
	}
}

// tell makes notices of what the types that were found may have been meant to be.
func (r *Reader) tell(schema table.Schema, guesses []guess, known []bool, rows int64) {
	if rows == 0 {
		r.notice("there are no rows; --header=false takes the first line for one")
		return
	}
	if len(schema) == 1 && !known[0] && schema[0].Type == table.TextType && r.opt.Delimiter == 0 {
		r.notice("there is one column, of text; --delimiter says what divides the fields of a line")
	}
	var decimal, unclear []string
	for i, g := range guesses {
		switch name := table.Quote(schema[i].Name); {
		case known[i]:
		case g.decimalComma() && r.opt.Decimal == 0:
			decimal = append(decimal, name)
		case g.commas && g.comma && r.opt.Decimal == 0:
			unclear = append(unclear, name)
		case g.times > 0 && !g.mixed && g.numeric:
			what := fmt.Sprintf("column %s is text, since %s is no number (%d of %d rows)", name, clip([]byte(g.odd)), g.times, rows)
			if (Options{Null: g.odd, Delimiter: rune(r.opt.delimiter())}).Check() == nil {
				what += fmt.Sprintf("; --null %s takes it for NULL", shellwords.Quote(g.odd))
			}
			r.notice("%s", what)
		}
	}
	if decimal != nil {
		r.notice("numbers of %s have decimal commas; --decimal . takes them for text", brief(decimal))
	}
	if unclear != nil {
		r.notice("%s: text, since the commas of its numbers may be decimal or mark thousands; --decimal , takes them for decimal commas", brief(unclear))
	}
}

// brief lists the first of many names.
func brief(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more columns", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// rewind goes back to the first record of data.
func (r *Reader) rewind() error {
	if err := r.f.Rewind(); err != nil {
		return r.fail(0, oserr.Named(err))
	}
	r.scan = newScanner(r.f.Name(), r.f, r.form)
	if r.opt.NoHeader {
		return nil
	}
	_, err := r.first()
	return err
}

// first reads the first record. An empty line names no column, and without a header it is a row only where rows have one field.
func (r *Reader) first() ([]field, error) {
	for {
		fields, err := r.scan.record()
		if err != nil || !isEmpty(fields) || r.opt.NoHeader && !r.several {
			return fields, err
		}
	}
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
		if isEmpty(fields) {
			continue
		}
		err = fmt.Errorf("%d fields where %d were expected", len(fields), n)
		if r.opt.Delimiter == 0 {
			err = fmt.Errorf("%w (divided by %q; --delimiter names another character)", err, r.form.delim)
		}
		return nil, r.fail(fields[0].line, err)
	}
}

// Schema has the columns with their types.
func (r *Reader) Schema() table.Schema { return r.schema }

// Next returns the next rows, which are valid until the second call after it.
func (r *Reader) Next(ctx context.Context) (*table.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.batches[0], r.batches[1] = r.batches[1], r.batches[0]
	batch := r.batches[0]
	batch.Reset()
	for size := 0; size < batchBytes && batch.Rows < batchRows; {
		fields, err := r.row(len(r.schema))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range fields {
			f := &fields[i]
			size += len(f.text) + 1
			if err := r.add(&batch.Cols[i], &r.columns[i], f); err != nil {
				line, column := r.scan.place(*f)
				return nil, &Error{r.f.Name(), line, column, r.schema[i].Name, err}
			}
		}
		batch.Rows++
	}
	if batch.Rows == 0 {
		return nil, io.EOF
	}
	return batch, nil
}

// A columnReader is what a column's values are read by.
type columnReader struct {
	text  bool   // "" is a value
	comma bool   // decimal commas
	last  string // the text before: many are the same
}

// isNull reports a NULL.
func (r *Reader) isNull(c *columnReader, f *field) bool {
	if len(f.text) != len(r.opt.Null) && len(f.text) > 0 {
		return false
	}
	if string(f.text) == r.opt.Null {
		return !f.quoted || !c.text
	}
	return len(f.text) == 0 && !c.text
}

// add appends a field to its column.
func (r *Reader) add(v *table.Vector, c *columnReader, f *field) error {
	if r.isNull(c, f) {
		v.AppendNull()
		return nil
	}
	if v.Type.Array {
		if v.AppendNumberList(f.text) {
			return nil
		}
		a, err := textvalue.ParseArray(string(f.text))
		if err != nil {
			return err
		}
		return v.AppendTextArray(a)
	}
	if c.comma {
		if bytes.IndexByte(f.text, '.') >= 0 {
			return fmt.Errorf("%s is no number with a decimal comma", clip(f.text))
		}
		f.text = bytes.Replace(f.text, []byte{','}, []byte{'.'}, 1)
	}
	switch v.Type.Kind {
	case table.Int16, table.Int32, table.Int64, table.Float32, table.Float64:
		if v.AppendNumber(f.text) {
			return nil
		}
		err := v.AppendText(unsafe.String(unsafe.SliceData(f.text), len(f.text))) // of which nothing is kept
		if err != nil && !c.comma && isCommaNumber(table.TrimBlanks(f.text)) {
			err = fmt.Errorf("%w; --decimal , takes the comma for a decimal point", err)
		}
		return err
	}
	if string(f.text) != c.last {
		c.last = string(f.text)
	}
	return v.AppendText(c.last)
}

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }
