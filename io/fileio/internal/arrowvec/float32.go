package arrowvec

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/beamfit/beamfit/io/table"
)

// A RowError is an error about one row, counted from 0 within its vector.
type RowError struct {
	Row int
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row+1, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// ToFloat32 fills dst with the arrays of numbers of src as real[], each element rounded to the nearest float32 as SQL's cast
// does; NULL elements are 0. A number whose magnitude is too large, or so small that it would become 0, is a *RowError.
// The NULL marks, offsets and shapes are shared with src.
func ToFloat32(dst, src *table.Vector) error {
	out := dst.Float32s[:0]
	*dst = *src
	dst.Type = table.Float32ArrayType
	bad := -1
	switch src.Type.Kind {
	case table.Float32:
		out = append(out, src.Float32s...)
	case table.Int16:
		out = rounded(out, src.Int16s)
	case table.Int32:
		out = rounded(out, src.Int32s)
	case table.Int64:
		out = rounded(out, src.Int64s)
	case table.Float64:
		for j, x := range src.Float64s {
			f := float32(x)
			if (math.IsInf(float64(f), 0) && !math.IsInf(x, 0) || f == 0 && x != 0) && !elemNull(src, j) && bad < 0 {
				bad = j
			}
			out = append(out, f)
		}
	case table.Numeric:
		for j, s := range src.Strings {
			var f float64
			if !elemNull(src, j) {
				var err error
				f, err = strconv.ParseFloat(s, 32)
				if err != nil && !errors.Is(err, strconv.ErrRange) {
					return &RowError{rowOf(src, j), fmt.Errorf("%q is not a number", s)}
				}
				if bad < 0 && (err != nil || f == 0 && hasDigit(s)) {
					bad = j
				}
			}
			out = append(out, float32(f))
		}
	default:
		return fmt.Errorf("type %s is not an array of numbers", src.Type)
	}
	dst.Float32s, dst.Int16s, dst.Int32s, dst.Int64s, dst.Float64s, dst.Strings = out, nil, nil, nil, nil, nil
	if bad >= 0 {
		return &RowError{rowOf(src, bad), fmt.Errorf("%s is out of range for type real", src.ElemText(bad))}
	}
	return nil
}

// IsNumbers reports whether ToFloat32 takes arrays of that type.
func IsNumbers(t table.Type) bool { return t.Array && t.IsNumber() }

func rounded[T int16 | int32 | int64](dst []float32, src []T) []float32 {
	for _, x := range src {
		dst = append(dst, float32(x))
	}
	return dst
}

func elemNull(v *table.Vector, j int) bool { return v.ElemNull != nil && v.ElemNull[j] }

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
func rowOf(v *table.Vector, j int) int {
	for i := range v.Len() {
		if v.Offsets[i+1] > j {
			return i
		}
	}
	return v.Len() - 1
}
