package csvio

import (
	"bytes"
	"strings"

	"github.com/beamfit/beamfit/io/internal/textvalue"
	"github.com/beamfit/beamfit/io/table"
)

// A guess is the set of types that every value of a column seen so far can have.
type guess struct {
	boolean, integer, float bool
	whole                   bool // integers of any size
	integers, floats        bool // arrays
	date, timestamp         bool
	values                  bool // there was a value
	numbers                 bool // there was a number other than NaN and infinities

	// commas: every value is a number, some with a comma for the point, none with a point. clear: a comma is followed by another number of
	// digits than three, which no thousands are.
	commas, comma, clear bool

	// odd is the only text that is no number, times how often it came; mixed: there are others. numeric says what the numbers
	// are without it.
	odd     string
	times   int
	mixed   bool
	numeric bool
}

func newGuess() guess {
	return guess{boolean: true, integer: true, float: true, whole: true, integers: true, floats: true, date: true, timestamp: true, commas: true}
}

// add narrows the guess by a value.
func (g *guess) add(text []byte, decimal byte) {
	t := table.TrimBlanks(text)
	if g.boolean {
		g.boolean = isBoolean(t)
	}
	if !g.mixed {
		g.scalar(text, t, decimal)
	}
	g.values = true
	if g.date || g.timestamp {
		moment := textvalue.MomentOf(text) // as it is: what is not a number keeps its blanks
		g.date, g.timestamp = g.date && moment == textvalue.Date, g.timestamp && moment == textvalue.Timestamp
	}
	if g.integers || g.floats {
		g.array(t)
	}
}

func isBoolean(t []byte) bool {
	switch len(t) {
	case 1:
		return t[0]|0x20 == 't' || t[0]|0x20 == 'f'
	case 4:
		return strings.EqualFold(string(t), "true")
	case 5:
		return strings.EqualFold(string(t), "false")
	}
	return false
}

// scalar narrows what single value the column can have, by a text and what of it is between blanks.
func (g *guess) scalar(text, t []byte, decimal byte) {
	kind := textvalue.NumberKind(t)
	if kind == textvalue.NotNumber || decimal == ',' && kind == textvalue.Real && bytes.IndexByte(t, '.') >= 0 {
		g.integer, g.whole = false, false
		if g.commas && decimal != '.' && isCommaNumber(t) {
			g.float = decimal == ',' && g.float
			whole, fraction, _ := bytes.Cut(t, []byte{','})
			thousands := len(fraction) == 3 && string(textvalue.WithoutSign(whole)) != "0"
			g.comma, g.clear, g.numbers = true, g.clear || !thousands || decimal == ',', true
			return
		}
		g.float, g.commas = false, false
		g.oddText(text)
		return
	}
	whole := kind == textvalue.Integer || kind == textvalue.Whole || kind == textvalue.Huge
	g.integer = g.integer && kind == textvalue.Integer
	g.whole = g.whole && whole
	g.float = g.float && kind != textvalue.Huge
	g.commas = g.commas && kind != textvalue.Huge && (whole || decimal == ',')
	g.numbers = g.numbers || kind != textvalue.Named
	g.numeric = g.numeric || kind != textvalue.Named
}

// oddText counts a text that is no number.
func (g *guess) oddText(text []byte) {
	if g.times == 0 {
		g.odd = string(text)
	}
	if g.odd != string(text) {
		g.mixed = true
	}
	g.times++
}

// array narrows what arrays the column can have.
func (g *guess) array(t []byte) {
	if len(t) == 0 || t[0] != '{' && t[0] != '[' {
		g.integers, g.floats = false, false
		return
	}
	if integers, numbers := textvalue.ListKind(t); numbers {
		g.integers, g.numbers = g.integers && integers, true
		return
	}
	a, err := textvalue.ParseArray(string(t))
	if err != nil {
		g.integers, g.floats = false, false
		return
	}
	for j, e := range a.Elems {
		if a.Null != nil && a.Null[j] {
			continue
		}
		kind := textvalue.NumberKind(table.TrimBlanks([]byte(e)))
		g.integers, g.floats = g.integers && kind == textvalue.Integer, g.floats && kind != textvalue.NotNumber && kind != textvalue.Huge
		g.numbers = g.numbers || kind != textvalue.NotNumber && kind != textvalue.Named
		if !g.floats {
			return
		}
	}
}

// isCommaNumber reports whether a text is a decimal number with a comma for the point.
func isCommaNumber(t []byte) bool {
	whole, fraction, comma := bytes.Cut(t, []byte{','})
	whole = textvalue.WithoutSign(whole)
	return comma && len(whole)+len(fraction) > 0 && textvalue.OnlyDigits(whole) && textvalue.OnlyDigits(fraction)
}

// decimalComma reports whether the column has numbers with decimal commas.
func (g *guess) decimalComma() bool { return g.commas && g.comma && g.clear }

// typ is the type to take.
func (g *guess) typ() table.Type {
	switch {
	case !g.values:
		return table.TextType
	case g.boolean:
		return table.BoolType
	case g.integer && g.numbers:
		return table.Int64Type
	case g.whole && g.numbers: // as double precision they would lose digits, and ids collide
		return table.NumericType
	case g.decimalComma(), g.float && g.numbers:
		return table.Float64Type
	case g.integers && g.numbers:
		return table.Int64Type.ArrayOf()
	case g.floats:
		return table.Float64ArrayType
	case g.date:
		return table.DateType
	case g.timestamp:
		return table.TimestampType
	}
	return table.TextType
}
