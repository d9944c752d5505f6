package table

import (
	"math"
	"math/big"
	"strconv"
)

// FloatText is what AppendFloat writes.
func FloatText(x float64, bits int) string {
	var buffer [32]byte
	return string(AppendFloat(buffer[:0], x, bits))
}

// AppendFloat appends a float as PostgreSQL 12 and later write it: the shortest text that reads back as the same value of that
// many bits, with an exponent outside 1e-4 to 1e15 (float64) or 1e6 (float32).
func AppendFloat(dst []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(dst, "NaN"...)
	case math.IsInf(x, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(x, -1):
		return append(dst, "-Infinity"...)
	}
	most, integers := 15, float64(1<<52)
	if bits == 32 {
		most, integers = 6, 1<<22
	}
	// Away from the limits there is nothing to find out.
	if a := math.Abs(x); a > 1.1e-4 && a < 0.9e6 {
		return strconv.AppendFloat(dst, x, 'f', -1, bits)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', -1, bits)
	if exp, digits := scientific(dst[start:]); exp >= -4 && exp < most {
		return plain(dst, start, exp, digits)
	}
	// Smaller numbers have no short text halfway to their neighbour: it would need more digits than tell them apart.
	if math.Abs(x) >= integers {
		if s := string(dst[start:]); halfway(s, x, bits) {
			return append(dst[:start], withinHalf(x, bits)...)
		}
	}
	return dst
}

// scientific reads the exponent of a number such as -1.25e-07, and how many bytes come before it.
func scientific(text []byte) (exp, digits int) {
	digits = len(text)
	for digits--; text[digits] != 'e'; digits-- {
	}
	for _, c := range text[digits+2:] {
		exp = 10*exp + int(c-'0')
	}
	if text[digits+1] == '-' {
		exp = -exp
	}
	return exp, digits
}

// plain writes the number of that many bytes from start on, such as -1.25, times 10 to the exponent, without one.
func plain(dst []byte, start, exp, digits int) []byte {
	var number [20]byte // at most 17 digits, a sign and a point
	n := copy(number[:], dst[start:start+digits])
	dst = dst[:start]
	all := number[:n]
	if all[0] == '-' {
		dst, all = append(dst, '-'), all[1:]
	}
	if len(all) > 1 { // d.ddd
		all[1] = all[0]
		all = all[1:]
	}
	if exp < 0 {
		return append(append(append(dst, "0."...), "000"[:-exp-1]...), all...)
	}
	if whole := exp + 1; whole < len(all) {
		return append(append(append(dst, all[:whole]...), '.'), all[whole:]...)
	}
	dst = append(dst, all...)
	for range exp + 1 - len(all) {
		dst = append(dst, '0')
	}
	return dst
}

// halfway reports whether the text is a number exactly between x and a neighbour. Reading rounds it to x when x is even,
// and Go takes such a text for the shortest; PostgreSQL does not, since other readers may round otherwise.
func halfway(s string, x float64, bits int) bool {
	written, ok := new(big.Rat).SetString(s)
	if !ok {
		return false
	}
	for _, towards := range []float64{math.Inf(-1), math.Inf(1)} {
		neighbour := math.Nextafter(x, towards)
		if bits == 32 {
			neighbour = float64(math.Nextafter32(float32(x), float32(towards)))
		}
		if math.IsInf(neighbour, 0) {
			continue
		}
		middle := new(big.Rat).Add(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(neighbour))
		if written.Cmp(middle.Quo(middle, big.NewRat(2, 1))) == 0 {
			return true
		}
	}
	return false
}

// withinHalf is the shortest text nearer to x than to any other float.
func withinHalf(x float64, bits int) string {
	for decimals := range 17 {
		s := strconv.FormatFloat(x, 'e', decimals, bits)
		if y, err := strconv.ParseFloat(s, bits); err == nil && y == x && !halfway(s, x, bits) {
			return s
		}
	}
	return strconv.FormatFloat(x, 'e', -1, bits)
}
