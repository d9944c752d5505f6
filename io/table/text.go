package table

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// FloatText writes a float as PostgreSQL 12 and later do: the shortest text that reads back as the same value of that
// many bits, with an exponent outside 1e-4 to 1e15 (float64) or 1e6 (float32).
func FloatText(x float64, bits int) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	digits, integers := 15, float64(1<<52)
	if bits == 32 {
		digits, integers = 6, 1<<22
	}
	s := strconv.FormatFloat(x, 'e', -1, bits)
	if i := strings.IndexByte(s, 'e'); i >= 0 {
		if exp, err := strconv.Atoi(s[i+1:]); err == nil && exp >= -4 && exp < digits {
			return strconv.FormatFloat(x, 'f', -1, bits)
		}
	}
	// Smaller numbers have no short text halfway to their neighbour: it would need more digits than tell them apart.
	if math.Abs(x) >= integers && halfway(s, x, bits) {
		return withinHalf(x, bits)
	}
	return s
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
