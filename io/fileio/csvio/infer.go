package csvio

import (
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A guess is the set of types that every value of a column seen so far can have.
type guess struct {
	boolean, integer, float bool
	integers, floats        bool // arrays
	values                  bool // there was a value
	numbers                 bool // there was a number other than NaN and infinities
}

func newGuess() guess {
	return guess{boolean: true, integer: true, float: true, integers: true, floats: true}
}

// add narrows the guess by a value.
func (g *guess) add(text string) {
	g.values = true
	t := strings.TrimSpace(text)
	if g.boolean {
		switch strings.ToLower(t) {
		case "t", "f", "true", "false":
		default:
			g.boolean = false
		}
	}
	if g.integer || g.float {
		integer, float := g.number(t)
		g.integer, g.float = g.integer && integer, g.float && float
	}
	if g.integers || g.floats {
		g.array(t)
	}
}

// array narrows what arrays the column can have.
func (g *guess) array(t string) {
	if !strings.HasPrefix(t, "{") && !strings.HasPrefix(t, "[") {
		g.integers, g.floats = false, false
		return
	}
	a, err := parseArray(t)
	if err != nil {
		g.integers, g.floats = false, false
		return
	}
	for j, e := range a.Elems {
		if a.Null != nil && a.Null[j] {
			continue
		}
		integer, float := g.number(e)
		g.integers, g.floats = g.integers && integer, g.floats && float
		if !g.floats {
			return
		}
	}
}

// number reports whether a text is a bigint, and a double precision.
func (g *guess) number(t string) (integer, float bool) {
	digits := strings.TrimLeft(t, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return false, false // a code
	}
	if _, err := strconv.ParseInt(t, 10, 64); err == nil {
		g.numbers = true
		return true, true
	}
	v := table.Vector{Type: table.Float64Type}
	if v.AppendText(t) != nil {
		return false, false
	}
	g.numbers = g.numbers || strings.ContainsAny(t, "0123456789")
	return false, true
}

// typ is the type to take.
func (g *guess) typ() table.Type {
	switch {
	case !g.values:
		return table.TextType
	case g.boolean:
		return table.BoolType
	case g.integer:
		return table.Int64Type
	case g.float && g.numbers:
		return table.Float64Type
	case g.integers && g.numbers:
		return table.Int64Type.ArrayOf()
	case g.floats:
		return table.Float64ArrayType
	}
	return table.TextType
}
