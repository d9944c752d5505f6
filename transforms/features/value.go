package features

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A finder finds columns in batches of one schema.
type finder struct {
	schema table.Schema
	at     []int
}

// find is where the columns are in a batch; names gives each.
func (f *finder) find(b *table.Batch, n int, name func(i int) string) ([]int, error) {
	if f.at != nil && len(f.schema) == len(b.Schema) && &f.schema[0] == &b.Schema[0] {
		return f.at, nil
	}
	names := make([]string, n)
	for i := range names {
		names[i] = name(i)
	}
	at, err := b.Schema.Places(names)
	f.schema, f.at = b.Schema, at
	return at, err
}

// A source reads the values of one column of a batch.
type source struct {
	v    *table.Vector
	time bool
}

func sourceOf(v *table.Vector) source { return source{v, isTime(v.Type)} }

// missing tells whether element j of the slice in use is NULL or NaN.
func (s source) missing(j int) bool {
	if !s.v.Type.Array && s.v.IsNull(j) || s.v.ElemNull != nil && s.v.ElemNull[j] {
		return true
	}
	switch s.v.Type.Kind {
	case table.Float32:
		return s.v.Float32s[j] != s.v.Float32s[j]
	case table.Float64:
		return s.v.Float64s[j] != s.v.Float64s[j]
	case table.Numeric:
		return s.v.Strings[j] == "NaN"
	}
	return false
}

// number is element j, which is not missing, as a finite number: false is 0 and true 1, a time is in days, since 1970 or midnight.
func (s source) number(j int) (x float64, err error) {
	switch s.v.Type.Kind {
	case table.Bool:
		if s.v.Bools[j] {
			return 1, nil
		}
		return 0, nil
	case table.Int16:
		return float64(s.v.Int16s[j]), nil
	case table.Int32:
		return float64(s.v.Int32s[j]), nil
	case table.Int64:
		return float64(s.v.Int64s[j]), nil
	case table.Float32:
		x = float64(s.v.Float32s[j])
	case table.Float64:
		x = s.v.Float64s[j]
	case table.Numeric:
		x, err = strconv.ParseFloat(strings.TrimSuffix(s.v.Strings[j], "inity"), 64)
	default:
		if x, err = days(s.v.Strings[j], s.v.Type.SQL); err != nil {
			return 0, err
		}
	}
	if err != nil || math.IsInf(x, 0) {
		return 0, fmt.Errorf("the value is %s; expected a finite number", s.v.ElemText(j))
	}
	if x == 0 {
		return 0, nil // -0 counts as 0, so that equal values have equal bits
	}
	return x, nil
}

// log is log1p of a number.
func log(x float64) (float64, error) {
	if x <= -1 {
		return 0, fmt.Errorf("log1p takes numbers above -1, found %s", table.FloatText(x, 64))
	}
	return math.Log1p(x), nil
}

// elements is where the values of row i are in the slice in use. An array must have the shape. A NULL array is ok=false: all elements
// are missing.
func (s source) elements(i int, shape []int) (first int, ok bool, err error) {
	if !s.v.Type.Array {
		return i, true, nil
	}
	if s.v.IsNull(i) {
		return 0, false, nil
	}
	got := s.v.Shape(i)
	if len(got) != len(shape) {
		return 0, false, &table.ShapeError{Got: got, Want: shape, Like: likeFirst}
	}
	for k, d := range got {
		if d != shape[k] {
			return 0, false, &table.ShapeError{Got: got, Want: shape, Like: likeFirst}
		}
	}
	return s.v.Offsets[i], true, nil
}

// likeFirst is what messages say has the shape that the arrays of all rows must have: the first row, or where arrays may be missing the first that has one.
const likeFirst = "that of the first row"
