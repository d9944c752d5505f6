package jsonlio

import (
	"bytes"

	"github.com/beamfit/beamfit/io/internal/textvalue"
	"github.com/beamfit/beamfit/io/table"
)

// A guess is what the values of a column so far are.
type guess struct {
	scalar, list           bool // there were single values, lists
	boolean, integer, text bool // all of them, or of their elements, are so
	whole                  bool // integers of any size
	number                 bool // numbers that double precision takes
	date, timestamp        bool // all single values, which are texts, are so
	other                  bool // there was an object, or a list that is no array
	values                 bool // there was a value or an element
}

func newGuess() guess {
	return guess{boolean: true, integer: true, number: true, whole: true, text: true, date: true, timestamp: true}
}

// add narrows the guess by a value.
func (g *guess) add(value []byte) {
	switch value[0] {
	case 'n':
	case '{':
		g.other = true
	case '[':
		g.list = true
		if _, numbers := textvalue.ListKind(value); !numbers {
			g.elements(value)
			return
		}
		integers, _ := textvalue.ListKind(value)
		g.narrow(guess{integer: integers, whole: integers, number: true})
	default:
		g.scalar = true
		g.value(value)
	}
}

// narrow leaves of boolean, integer, whole, number and text what a value is too.
func (g *guess) narrow(v guess) {
	g.boolean, g.text = g.boolean && v.boolean, g.text && v.text
	g.integer, g.whole, g.number = g.integer && v.integer, g.whole && v.whole, g.number && v.number
	g.values = true
}

func (g *guess) value(value []byte) {
	switch value[0] {
	case 't', 'f':
		g.narrow(guess{boolean: true})
	case '"':
		g.narrow(guess{text: true})
		if g.date || g.timestamp {
			moment := textvalue.MomentOf(value[1 : len(value)-1])
			g.date, g.timestamp = g.date && moment == textvalue.Date, g.timestamp && moment == textvalue.Timestamp
		}
	default:
		kind := textvalue.NumberKind(value)
		g.narrow(guess{
			integer: kind == textvalue.Integer,
			whole:   kind == textvalue.Integer || kind == textvalue.Whole || kind == textvalue.Huge,
			number:  kind != textvalue.NotNumber && kind != textvalue.Huge,
		})
	}
}

// elements narrows the guess by the elements of a list.
func (g *guess) elements(list []byte) {
	if _, err := textvalue.ParseJSONList(string(list)); err != nil {
		g.other = true
		return
	}
	for at := 0; at < len(list); {
		switch c := list[at]; {
		case bytes.IndexByte([]byte("[], \t\r\n"), c) >= 0:
			at++
		default:
			end := skip(list, at)
			if c != 'n' {
				g.value(list[at:end])
			}
			at = end
		}
	}
}

// typ is the type to take.
func (g *guess) typ() table.Type {
	t := table.TextType
	switch {
	case g.other || g.list && g.scalar:
		return table.JSONType
	case g.values && g.boolean:
		t = table.BoolType
	case g.values && g.integer:
		t = table.Int64Type
	case g.values && g.whole && !g.list: // as double precision they would lose digits, and ids collide
		return table.NumericType
	case g.values && g.number:
		t = table.Float64Type
	case g.values && g.text && g.scalar && g.date:
		t = table.DateType
	case g.values && g.text && g.scalar && g.timestamp:
		t = table.TimestampType
	case g.list && g.values && !g.text:
		return table.JSONType // a list of texts and numbers
	}
	if g.list {
		return t.ArrayOf()
	}
	return t
}
