// Package textvalue reads values in the forms that people write them in: numbers, and arrays as PostgreSQL or JSON has them.
//
// Whatever the text is, it is a value or none, or an error with its place; memory is bounded by the text.
package textvalue

import (
	"bytes"
	"strconv"

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
	Integer   // a bigint
	Whole     // an integer beyond bigint
	Huge      // an integer beyond double precision
	Real
	Named // NaN, Infinity
)

// maxText is the most bytes that a number may have, but for plain ones.
const maxText = 400

// NumberKind tells what number a text without blanks around it is: the first of bigint, numeric of digits alone and double precision that takes it.
func NumberKind(t []byte) int {
	if isPhone(t) {
		return NotNumber // a code
	}
	if kind := plainKind(t); kind != NotNumber {
		return kind
	}
	if len(t) == 0 || len(t) > maxText {
		return NotNumber
	}
	digits := WithoutSign(t)
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return NotNumber // a code
	}
	if len(digits) > 0 && OnlyDigits(digits) {
		return wholeKind(t, len(digits))
	}
	if v := (table.Vector{Type: table.Float64Type}); v.AppendText(string(t)) != nil {
		return NotNumber
	}
	if bytes.ContainsAny(t, "0123456789") {
		return Real
	}
	return Named
}

// wholeKind is the kind of an integer of that many digits, without zeros in front.
func wholeKind(t []byte, digits int) int {
	const int64Digits, float64Digits = 19, 309 // of the greatest
	switch {
	case digits <= int64Digits:
		if _, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return Integer
		}
	case digits == float64Digits:
		if _, err := strconv.ParseFloat(string(t), 64); err != nil {
			return Huge
		}
	case digits > float64Digits:
		return Huge
	}
	return Whole
}

// isPhone reports what is rather the number of a telephone: a plus sign and at least seven digits.
func isPhone(t []byte) bool { return len(t) > 7 && t[0] == '+' && OnlyDigits(t[1:]) }

// WithoutSign is a number without its sign, of which it has one at the most.
func WithoutSign(t []byte) []byte {
	if len(t) > 0 && (t[0] == '+' || t[0] == '-') {
		return t[1:]
	}
	return t
}

// OnlyDigits reports that a text has nothing but digits.
func OnlyDigits(t []byte) bool {
	for _, c := range t {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
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
