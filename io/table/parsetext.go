package table

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendText adds one value given as text, read as PostgreSQL's input function of the type reads it: blanks around numbers
// and booleans are dropped, t/true/yes/on/1 are true, \x begins hexadecimal bytes, {1,2} is an array. Text that the type
// cannot hold is an error, and nothing is added. Types of kind Other are taken as they are.
func (v *Vector) AppendText(text string) error {
	if !v.Type.Array {
		if err := v.appendText(text); err != nil {
			return err
		}
		v.EndScalar()
		return nil
	}
	a, err := ParseArray(text)
	if err != nil {
		return err
	}
	return v.AppendTextArray(a)
}

// AppendTextArray adds an array whose elements are still text.
func (v *Vector) AppendTextArray(a TextArray) error {
	start := v.elems()
	for k, s := range a.Elems {
		if a.Null != nil && a.Null[k] {
			v.AppendNullElem()
		} else if err := v.appendText(s); err != nil {
			v.truncate(start)
			return err
		}
	}
	shape := a.Shape
	if len(a.Elems) == 0 {
		shape = nil
	}
	v.EndArray(shape)
	return nil
}

func (v *Vector) appendText(s string) error {
	switch v.Type.Kind {
	case Bool:
		b, ok := parseBool(s)
		if !ok {
			return v.badText(s)
		}
		v.Bools = append(v.Bools, b)
	case Int16, Int32, Int64:
		n, err := strconv.ParseInt(TrimBlanks(s), 10, 64)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return fmt.Errorf("%s is out of range for type %s", Clip(s), v.Type)
		case err != nil:
			return v.badText(s)
		}
		return v.appendInt(n)
	case Float32:
		f, err := v.parseFloat(s, 32)
		if err != nil {
			return err
		}
		v.Float32s = append(v.Float32s, float32(f))
	case Float64:
		f, err := v.parseFloat(s, 64)
		if err != nil {
			return err
		}
		v.Float64s = append(v.Float64s, f)
	case Numeric:
		t, ok := numericText(TrimBlanks(s))
		if !ok {
			return v.badText(s)
		}
		v.Strings = append(v.Strings, t)
	case Bytes:
		b, err := parseBytes(s)
		if err != nil {
			return err
		}
		v.Bytes = append(v.Bytes, b)
	default:
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("text that is not valid UTF-8 or holds a zero byte: %s", Clip(s))
		}
		v.Strings = append(v.Strings, s)
	}
	return nil
}

func (v *Vector) badText(s string) error {
	return fmt.Errorf("%s is not a value of type %s", Clip(s), v.Type.Elem())
}

// Clip quotes text for an error message and keeps it short.
func Clip(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}

// TrimBlanks drops the blanks that values may have around them where they are read as another type than text. A no-break space, say, is none.
func TrimBlanks[T string | []byte](t T) T {
	for len(t) > 0 && isBlank(t[0]) {
		t = t[1:]
	}
	for len(t) > 0 && isBlank(t[len(t)-1]) {
		t = t[:len(t)-1]
	}
	return t
}

// parseFloat rounds to the nearest value of that many bits. As in PostgreSQL, a number whose magnitude is too large or too
// small for the type is an error.
func (v *Vector) parseFloat(s string, bits int) (float64, error) {
	t := TrimBlanks(s)
	if strings.ContainsAny(t, "xXpP_") {
		return 0, v.badText(s)
	}
	f, err := strconv.ParseFloat(t, bits)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && f == 0 && strings.ContainsAny(mantissa(t), "123456789"):
		return 0, fmt.Errorf("%s is out of range for type %s", Clip(s), v.Type.Elem())
	case err != nil:
		return 0, v.badText(s)
	}
	return f, nil
}

func mantissa(s string) string {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}

// parseBool takes what PostgreSQL takes: unique prefixes of true, false, yes, no, on and off, and 1 and 0.
func parseBool(s string) (value, ok bool) {
	switch t := strings.ToLower(TrimBlanks(s)); t {
	case "":
		return false, false
	case "1", "on":
		return true, true
	case "0", "of", "off":
		return false, true
	default:
		if strings.HasPrefix("true", t) || strings.HasPrefix("yes", t) {
			return true, true
		}
		return false, strings.HasPrefix("false", t) || strings.HasPrefix("no", t)
	}
}

// maxNumericDigits bounds what an exponent may blow a numeric up to, before and after the point (PostgreSQL's own limits).
const (
	maxNumericDigits = 131072
	maxNumericScale  = 16383
)

// numericText turns a decimal number into the text PostgreSQL prints for it: no plus sign, no exponent, no zeros in front,
// the digits after the point kept as they were written.
func numericText(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return "NaN", true
	case "infinity", "+infinity", "inf", "+inf":
		return "Infinity", true
	case "-infinity", "-inf":
		return "-Infinity", true
	}
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = "-"
		}
		s = s[1:]
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil || math.Abs(float64(e)) > maxNumericDigits {
			return "", false
		}
		exp, s = int(e), s[:i]
	}
	whole, frac, _ := strings.Cut(s, ".")
	if whole+frac == "" || strings.Trim(whole+frac, "0123456789") != "" {
		return "", false
	}
	digits, point := whole+frac, len(whole)+exp
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole, frac = strings.TrimLeft(digits[:point], "0"), digits[point:]
	if len(whole) > maxNumericDigits || len(frac) > maxNumericScale {
		return "", false
	}
	if strings.Trim(digits, "0") == "" {
		sign = ""
	}
	if whole == "" {
		whole = "0"
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac, true
}

// parseBytes reads both forms of bytea: \x and hexadecimal digits, else bytes with \\ and \ooo escapes.
func parseBytes(s string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		b, err := hex.DecodeString(strings.Map(dropBlank, digits))
		if err != nil {
			return nil, fmt.Errorf("%s is not a value of type bytea: %w", Clip(s), err)
		}
		return b, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		rest := s[i+1:]
		if strings.HasPrefix(rest, `\`) {
			out = append(out, '\\')
			i++
			continue
		}
		if len(rest) < 3 {
			return nil, fmt.Errorf("%s is not a value of type bytea: a backslash needs three octal digits", Clip(s))
		}
		n, err := strconv.ParseUint(rest[:3], 8, 8)
		if err != nil {
			return nil, fmt.Errorf("%s is not a value of type bytea: a backslash needs three octal digits", Clip(s))
		}
		out = append(out, byte(n))
		i += 3
	}
	return out, nil
}

func dropBlank(r rune) rune {
	if r < utf8.RuneSelf && isBlank(byte(r)) {
		return -1
	}
	return r
}
