package table

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// Len is the number of rows.
func (v *Vector) Len() int {
	if v.Type.Array {
		return max(0, len(v.Offsets)-1)
	}
	return v.elems()
}

// elems is the length of the slice that the kind uses.
func (v *Vector) elems() int {
	switch v.Type.Kind {
	case Bool:
		return len(v.Bools)
	case Int16:
		return len(v.Int16s)
	case Int32:
		return len(v.Int32s)
	case Int64:
		return len(v.Int64s)
	case Float32:
		return len(v.Float32s)
	case Float64:
		return len(v.Float64s)
	case Bytes:
		return len(v.Bytes)
	}
	return len(v.Strings)
}

// Reset empties the vector and keeps its memory.
func (v *Vector) Reset() {
	*v = Vector{
		Type: v.Type, Bools: v.Bools[:0], Int16s: v.Int16s[:0], Int32s: v.Int32s[:0], Int64s: v.Int64s[:0],
		Float32s: v.Float32s[:0], Float64s: v.Float64s[:0], Strings: v.Strings[:0], Bytes: v.Bytes[:0],
		Offsets: v.Offsets[:0],
	}
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool { return v.Null != nil && v.Null[i] }

// Shape is the shape of row i's array.
func (v *Vector) Shape(i int) []int {
	if v.Dims != nil {
		return v.Dims[i]
	}
	return []int{v.Offsets[i+1] - v.Offsets[i]}
}

// Append adds one value: nil for NULL, the Go type of the kind for a scalar (string for Numeric, Text and Other), a slice
// of it or an Array for an array. Integers of any size are taken where they fit.
func (v *Vector) Append(x any) error {
	row := v.Len()
	if v.Type.Array {
		return v.appendArray(row, x)
	}
	if x == nil {
		v.appendZero()
		v.setNull(row)
		return nil
	}
	if err := v.appendElem(x); err != nil {
		return err
	}
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
	return nil
}

// An Array is an array value with a shape and, perhaps, NULL elements: Elems holds nil for them.
type Array struct {
	Elems []any
	Shape []int // nil: one dimension
}

func (v *Vector) appendArray(row int, x any) error {
	if len(v.Offsets) == 0 {
		v.Offsets = append(v.Offsets, 0)
	}
	if x == nil {
		v.endRow(row, []int{0})
		v.setNull(row)
		return nil
	}
	elems, shape, err := elements(x)
	if err != nil {
		return fmt.Errorf("%w for type %s", err, v.Type)
	}
	start := v.elems()
	for _, e := range elems {
		j := v.elems()
		if e == nil {
			v.appendZero()
			if v.ElemNull == nil {
				v.ElemNull = make([]bool, j, j+1)
			}
			v.ElemNull = append(v.ElemNull, true)
			continue
		}
		if err := v.appendElem(e); err != nil {
			v.truncate(start)
			return err
		}
		if v.ElemNull != nil {
			v.ElemNull = append(v.ElemNull, false)
		}
	}
	v.endRow(row, shape)
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
	return nil
}

// endRow closes row: its elements are those appended since the row before.
func (v *Vector) endRow(row int, shape []int) {
	if len(shape) != 1 && v.Dims == nil {
		v.Dims = make([][]int, row, row+1)
		for i := range row {
			v.Dims[i] = []int{v.Offsets[i+1] - v.Offsets[i]}
		}
	}
	v.Offsets = append(v.Offsets, v.elems())
	if v.Dims != nil {
		v.Dims = append(v.Dims, shape)
	}
}

func (v *Vector) setNull(row int) {
	if v.Null == nil {
		v.Null = make([]bool, row, row+1)
	}
	v.Null = append(v.Null, true)
}

// cut leaves the first n rows.
func (v *Vector) cut(n int) {
	if v.Null != nil {
		v.Null = v.Null[:n]
	}
	if !v.Type.Array {
		v.truncate(n)
		return
	}
	v.Offsets = v.Offsets[:n+1]
	v.truncate(v.Offsets[n])
	if v.Dims != nil {
		v.Dims = v.Dims[:n]
	}
}

// truncate leaves the first n elements.
func (v *Vector) truncate(n int) {
	switch v.Type.Kind {
	case Bool:
		v.Bools = v.Bools[:n]
	case Int16:
		v.Int16s = v.Int16s[:n]
	case Int32:
		v.Int32s = v.Int32s[:n]
	case Int64:
		v.Int64s = v.Int64s[:n]
	case Float32:
		v.Float32s = v.Float32s[:n]
	case Float64:
		v.Float64s = v.Float64s[:n]
	case Bytes:
		v.Bytes = v.Bytes[:n]
	default:
		v.Strings = v.Strings[:n]
	}
	if v.ElemNull != nil {
		v.ElemNull = v.ElemNull[:n]
	}
}

func (v *Vector) appendZero() {
	switch v.Type.Kind {
	case Bool:
		v.Bools = append(v.Bools, false)
	case Int16:
		v.Int16s = append(v.Int16s, 0)
	case Int32:
		v.Int32s = append(v.Int32s, 0)
	case Int64:
		v.Int64s = append(v.Int64s, 0)
	case Float32:
		v.Float32s = append(v.Float32s, 0)
	case Float64:
		v.Float64s = append(v.Float64s, 0)
	case Bytes:
		v.Bytes = append(v.Bytes, nil)
	default:
		v.Strings = append(v.Strings, "")
	}
}

func (v *Vector) appendElem(x any) error {
	ok := false
	switch v.Type.Kind {
	case Bool:
		var b bool
		if b, ok = x.(bool); ok {
			v.Bools = append(v.Bools, b)
		}
	case Int16, Int32, Int64:
		var n int64
		if n, ok = integer(x); ok {
			return v.appendInt(n)
		}
	case Float32:
		var f float32
		if f, ok = x.(float32); ok {
			v.Float32s = append(v.Float32s, f)
		}
	case Float64:
		var f float64
		if f, ok = x.(float64); ok {
			v.Float64s = append(v.Float64s, f)
		}
	case Bytes:
		var b []byte
		if b, ok = x.([]byte); ok {
			v.Bytes = append(v.Bytes, b)
		}
	default:
		var s string
		if s, ok = x.(string); ok {
			v.Strings = append(v.Strings, s)
		}
	}
	if !ok {
		return fmt.Errorf("a value of Go type %T for type %s", x, v.Type)
	}
	return nil
}

func (v *Vector) appendInt(n int64) error {
	bits := map[Kind]int{Int16: 16, Int32: 32, Int64: 64}[v.Type.Kind]
	if n != n<<(64-bits)>>(64-bits) {
		return fmt.Errorf("%d is out of range for type %s", n, v.Type)
	}
	switch v.Type.Kind {
	case Int16:
		v.Int16s = append(v.Int16s, int16(n))
	case Int32:
		v.Int32s = append(v.Int32s, int32(n))
	default:
		v.Int64s = append(v.Int64s, n)
	}
	return nil
}

func integer(x any) (int64, bool) {
	switch n := x.(type) {
	case int:
		return int64(n), true
	case int16:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

func elements(x any) ([]any, []int, error) {
	var out []any
	switch s := x.(type) {
	case Array:
		if s.Shape != nil {
			n := 1
			for _, d := range s.Shape {
				n *= d
			}
			if len(s.Shape) == 0 {
				n = 0
			}
			if n != len(s.Elems) {
				return nil, nil, fmt.Errorf("%d elements in an array of shape %v", len(s.Elems), s.Shape)
			}
			return s.Elems, s.Shape, nil
		}
		return s.Elems, []int{len(s.Elems)}, nil
	case []string:
		out = anys(s)
	case []int:
		out = anys(s)
	case []int16:
		out = anys(s)
	case []int32:
		out = anys(s)
	case []int64:
		out = anys(s)
	case []float32:
		out = anys(s)
	case []float64:
		out = anys(s)
	case []bool:
		out = anys(s)
	case []any:
		out = s
	default:
		return nil, nil, fmt.Errorf("a value of Go type %T", x)
	}
	return out, []int{len(out)}, nil
}

func anys[T any](s []T) []any {
	out := make([]any, len(s))
	for i, e := range s {
		out[i] = e
	}
	return out
}

// Value is row i as Append takes it: nil, a scalar, or an Array.
func (v *Vector) Value(i int) any {
	if v.IsNull(i) {
		return nil
	}
	if !v.Type.Array {
		return v.Elem(i)
	}
	a := Array{Elems: make([]any, 0, v.Offsets[i+1]-v.Offsets[i]), Shape: v.Shape(i)}
	for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
		a.Elems = append(a.Elems, v.Elem(j))
	}
	return a
}

// Elem is element j of the slice in use: a row of a scalar column, an element of an array column; nil when the element of
// an array is NULL.
func (v *Vector) Elem(j int) any {
	if v.ElemNull != nil && v.ElemNull[j] {
		return nil
	}
	switch v.Type.Kind {
	case Bool:
		return v.Bools[j]
	case Int16:
		return v.Int16s[j]
	case Int32:
		return v.Int32s[j]
	case Int64:
		return v.Int64s[j]
	case Float32:
		return v.Float32s[j]
	case Float64:
		return v.Float64s[j]
	case Bytes:
		return v.Bytes[j]
	}
	return v.Strings[j]
}

// ElemText is element j as PostgreSQL prints it: f and t for booleans inside arrays are the caller's affair, here they are
// false and true; \x and hexadecimal digits for bytes; the shortest decimal text that reads back for floats.
func (v *Vector) ElemText(j int) string {
	if v.ElemNull != nil && v.ElemNull[j] {
		return "NULL"
	}
	switch v.Type.Kind {
	case Numeric, Text, Other:
		return v.Strings[j]
	}
	return string(v.appendElemText(nil, j))
}

// appendElemText appends element j, which is not NULL, as ElemText writes it.
func (v *Vector) appendElemText(dst []byte, j int) []byte {
	switch v.Type.Kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bools[j])
	case Int16:
		return strconv.AppendInt(dst, int64(v.Int16s[j]), 10)
	case Int32:
		return strconv.AppendInt(dst, int64(v.Int32s[j]), 10)
	case Int64:
		return strconv.AppendInt(dst, v.Int64s[j], 10)
	case Float32:
		return AppendFloat(dst, float64(v.Float32s[j]), 32)
	case Float64:
		return AppendFloat(dst, v.Float64s[j], 64)
	case Bytes:
		return hex.AppendEncode(append(dst, `\x`...), v.Bytes[j])
	}
	return append(dst, v.Strings[j]...)
}
