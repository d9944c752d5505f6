package pgio

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/table"
)

// An encoder writes rows in a form of COPY: binary where every column has a binary form that is made here, else text.
type encoder struct {
	columns []column // of the table; the last two are the order columns when there is an order
	order   string   // the part's key; "": the table is not ordered
	values  int      // how many columns come from the batch
	rows    int64
	row     func(buf []byte, b *table.Batch, i int, flush flusher) ([]byte, error)
	binary  bool
}

// A flusher takes encoded data of at least chunkBytes and returns a buffer for what follows. A row with large values comes in parts, so that no other copy of
// them is made.
type flusher func(data []byte) (empty []byte, err error)

func newEncoder(cols []column, order string) (*encoder, error) {
	e := &encoder{columns: cols, order: order, values: len(cols), binary: true}
	if order != "" {
		e.values -= 2
	}
	for _, c := range cols[:e.values] {
		if c.Type.Array && c.elem.delim != "," {
			return nil, fmt.Errorf("column %q: arrays of %s cannot be written", c.Name, c.elem.name)
		}
		e.binary = e.binary && hasBinary(c)
	}
	if e.row = e.textRow; e.binary {
		e.row = e.binaryRow
	}
	return e, nil
}

// hasBinary reports whether encode writes the binary form of the column's values.
func hasBinary(c column) bool {
	switch c.Type.Kind {
	case table.Numeric:
		return false
	case table.Other, table.Text:
		return binaryText[c.elem.receive]
	}
	return true
}

// sql is the statement that takes the encoded rows, with further options.
func (e *encoder) sql(into table.Name, options ...string) string {
	names := make([]string, len(e.columns))
	for i, c := range e.columns {
		names[i] = c.Name
	}
	format := "text"
	if e.binary {
		format = "binary"
	}
	return fmt.Sprintf("COPY %s (%s) FROM STDIN (%s)", quoteName(into), quoteColumns(names), strings.Join(append(options, "FORMAT "+format), ", "))
}

// begin and end write what is before and behind the rows.
func (e *encoder) begin(buf []byte) []byte {
	if e.binary {
		buf = append(buf, copySignature...)
		buf = append(buf, make([]byte, copyHeaderLen-len(copySignature))...)
	}
	return buf
}

func (e *encoder) end(buf []byte) []byte {
	if e.binary {
		buf = append(buf, 0xff, 0xff)
	}
	return buf
}

var (
	errZeroByte = errors.New("the text holds a zero byte, which PostgreSQL cannot store")
	errNotUTF8  = errors.New("the text is not valid UTF-8")
)

func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return errZeroByte
	}
	if !utf8.ValidString(s) {
		return errNotUTF8
	}
	return nil
}

// checkStrings checks the texts of row i.
func checkStrings(v *table.Vector, i int) error {
	switch v.Type.Kind {
	case table.Numeric, table.Other, table.Text:
	default:
		return nil
	}
	first, last := i, i+1
	if v.Type.Array {
		first, last = v.Offsets[i], v.Offsets[i+1]
	}
	for _, s := range v.Strings[first:last] {
		if err := checkText(s); err != nil {
			return err
		}
	}
	return nil
}
