// Package textvalue reads values in the forms that people write them in: numbers, and arrays as PostgreSQL or JSON has them.
//
// Whatever the text is, it is a value or none, or an error with its place; memory is bounded by the text.
package textvalue

import (
	"bytes"

	"github.com/beamfit/beamfit/io/table"
)

// ListKind reports whether a text is a list of numbers as table.Vector.AppendNumberList takes it, and whether all are integers.
func ListKind(t []byte) (integers, numbers bool) {
	n := len(t)
	if n < 3 || !(t[0] == '{' && t[n-1] == '}' || t[0] == '[' && t[n-1] == ']') {
		return false, false
	}
	integers = true
	for at := 1; at < n; {
		end := at
		for end < n-1 && t[end] != ',' {
			end++
		}
		switch plainKind(t[at:end]) {
		case Integer:
		case Real:
			integers = false
		default:
			return false, false
		}
		at = end + 1
	}
	return integers, true
}

// Kinds of numbers, as NumberKind tells them.
const (
	NotNumber = iota
	Integer
	Real
	Named // NaN, Infinity
)

// NumberKind tells what number a text is, as a bigint or a double precision.
func NumberKind(t []byte) int {
	if kind := plainKind(t); kind != NotNumber {
		return kind
	}
	if len(t) == 0 || len(t) > 400 {
		return NotNumber
	}
	digits := bytes.TrimLeft(t, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return NotNumber // a code
	}
	for _, c := range []struct {
		typ  table.Type
		kind int
	}{{table.Int64Type, Integer}, {table.Float64Type, Real}} {
		if v := (table.Vector{Type: c.typ}); v.AppendText(string(t)) == nil {
			if bytes.ContainsAny(t, "0123456789") {
				return c.kind
			}
			return Named
		}
	}
	return NotNumber
}

// IsWhole reports a text of nothing but digits and perhaps a sign: of a number, that it is an integer, whether it fits bigint or not.
func IsWhole(t []byte) bool {
	if len(t) > 0 && (t[0] == '-' || t[0] == '+') {
		t = t[1:]
	}
	return len(t) > 0 && len(bytes.Trim(t, "0123456789")) == 0
}

// plainKind is NumberKind for the texts that nearly all numbers have: digits with a sign, a point, a small exponent. Of others it says
// NotNumber.
func plainKind(t []byte) int {
	i, n := 0, len(t)
	if n > 0 && (t[0] == '-' || t[0] == '+') {
		i++
	}
	first := i
	for i < n && t[i]-'0' <= 9 {
		i++
	}
	whole := i - first
	if whole > 1 && t[first] == '0' || whole > 18 {
		return NotNumber
	}
	if i == n {
		if whole == 0 {
			return NotNumber
		}
		return Integer
	}
	fraction := 0
	if t[i] == '.' {
		i++
		for i < n && t[i]-'0' <= 9 {
			i++
			fraction++
		}
	}
	if whole+fraction == 0 || whole+fraction > 30 {
		return NotNumber
	}
	if i < n && t[i]|0x20 == 'e' {
		i++
		if i < n && (t[i] == '-' || t[i] == '+') {
			i++
		}
		if n-i < 1 || n-i > 2 {
			return NotNumber
		}
		for i < n && t[i]-'0' <= 9 {
			i++
		}
	}
	if i < n {
		return NotNumber
	}
	return Real
}
