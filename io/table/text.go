package table

import (
	"math"
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
	digits := 15
	if bits == 32 {
		digits = 6
	}
	s := strconv.FormatFloat(x, 'e', -1, bits)
	if i := strings.IndexByte(s, 'e'); i >= 0 {
		if exp, err := strconv.Atoi(s[i+1:]); err == nil && exp >= -4 && exp < digits {
			return strconv.FormatFloat(x, 'f', -1, bits)
		}
	}
	return s
}
