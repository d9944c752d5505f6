package csvio

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/table"
)

// Options describe the form of a CSV file.
type Options struct {
	// NoHeader: the first record is data, not the names of the columns.
	NoHeader bool
	// Header: the first record is names of columns, though it may look like data.
	Header bool
	// Delimiter divides fields; 0: when reading, the one that divides the beginning of the file evenly, when writing a comma.
	Delimiter rune
	// Null is the text that means NULL where it is not in quotes; in columns of other types than text also where it is.
	Null string
	// Decimal, for reading, is the decimal point of single numbers: '.' or ','; 0: found where types are, else '.'.
	Decimal rune
	// Encoding, for reading, is the name of the text's encoding; see package textfile. "": UTF-8, or UTF-16 where it looks so.
	Encoding string
	// Types, for reading, are the types of columns. With a header they go by name and may leave columns out, which are then
	// inferred; without one they are all the columns, in order, with their names.
	Types table.Schema
	// Looked is told how many rows have been read to find the types; nil: nobody.
	Looked func(rows int64)
}

// Check refuses options that no file can have.
func (o Options) Check() error {
	d := o.Delimiter
	if d == 0 {
		d = ','
	}
	if d >= utf8.RuneSelf || strings.ContainsRune("\"\r\n\x00", d) {
		return fmt.Errorf("delimiter %q: expected one ASCII character that is no quote and ends no line", d)
	}
	if strings.ContainsAny(o.Null, "\"\r\n") || o.Delimiter != 0 && strings.ContainsRune(o.Null, d) {
		return fmt.Errorf("null text %q: it may not hold a quote, the delimiter or the end of a line", o.Null)
	}
	if o.Decimal != 0 && o.Decimal != '.' && o.Decimal != ',' {
		return fmt.Errorf("decimal point %q: expected a point or a comma", o.Decimal)
	}
	if o.Types != nil {
		return o.Types.Check()
	}
	return nil
}

func (o Options) delimiter() byte {
	if o.Delimiter == 0 {
		return ','
	}
	return byte(o.Delimiter)
}
