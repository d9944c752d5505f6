package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ToReal fills dst with the vector's arrays of numbers as real[], each element rounded to the nearest float32 as SQL's cast
// does; NULL elements are 0. A number whose magnitude is too large, or so small that it would become 0, is an error of its row,
// counted from 0 in the vector; of another error row is -1. The NULL marks, offsets and shapes are shared with the vector.
func (v *Vector) ToReal(dst *Vector) (row int, err error) {
	out := dst.Float32s[:0]
	*dst = *v
	dst.Type = Float32ArrayType
	bad := -1
	switch v.Type.Kind {
	case Float32:
		out = append(out, v.Float32s...)
	case Int16:
		out = rounded(out, v.Int16s)
	case Int32:
		out = rounded(out, v.Int32s)
	case Int64:
		out = rounded(out, v.Int64s)
	case Float64:
		for j, x := range v.Float64s {
			f := float32(x)
			if (math.IsInf(float64(f), 0) && !math.IsInf(x, 0) || f == 0 && x != 0) && !v.elemNull(j) && bad < 0 {
				bad = j
			}
			out = append(out, f)
		}
	case Numeric:
		for j, s := range v.Strings {
			var f float64
			if !v.elemNull(j) {
				var err error
				f, err = strconv.ParseFloat(s, 32)
				if err != nil && !errors.Is(err, strconv.ErrRange) {
					return v.rowOf(j), fmt.Errorf("%q is not a number", s)
				}
				if bad < 0 && (err != nil || f == 0 && hasDigit(s)) {
					bad = j
				}
			}
			out = append(out, float32(f))
		}
	default:
		return -1, fmt.Errorf("type %s is not an array of numbers", v.Type)
	}
	dst.Float32s, dst.Int16s, dst.Int32s, dst.Int64s, dst.Float64s, dst.Strings = out, nil, nil, nil, nil, nil
	if bad >= 0 {
		return v.rowOf(bad), fmt.Errorf("%s is out of range for type real", v.ElemText(bad))
	}
	return -1, nil
}

func rounded[T int16 | int32 | int64](dst []float32, src []T) []float32 {
	for _, x := range src {
		dst = append(dst, float32(x))
	}
	return dst
}

func (v *Vector) elemNull(j int) bool { return v.ElemNull != nil && v.ElemNull[j] }

// hasDigit reports whether a decimal text has a digit other than 0 before its exponent.
func hasDigit(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == 'e' || c == 'E':
			return false
		case c >= '1' && c <= '9':
			return true
		}
	}
	return false
}

// rowOf is the row that element j belongs to.
func (v *Vector) rowOf(j int) int {
	for i := range v.Len() {
		if v.Offsets[i+1] > j {
			return i
		}
	}
	return v.Len() - 1
}
