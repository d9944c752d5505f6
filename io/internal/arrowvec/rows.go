package arrowvec

import (
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// ElemLen is the length of the slice that the vector's kind uses: of an array column, the elements of all rows.
func ElemLen(v *table.Vector) int {
	scalar := *v
	scalar.Type.Array = false
	return scalar.Len()
}

// elems is the range of elements that rows from to to have.
func elems(v *table.Vector, from, to int) (int, int) {
	if !v.Type.Array {
		return from, to
	}
	if from == to {
		return 0, 0
	}
	return v.Offsets[from], v.Offsets[to]
}

// AppendRows adds rows from to to of src, which has the same type, to dst.
func AppendRows(dst, src *table.Vector, from, to int) {
	appendRows(dst, src, from, to, slices.Clone)
}

// ShareRows is AppendRows but for values of type bytea, which dst has as src has them, without a copy.
func ShareRows(dst, src *table.Vector, from, to int) {
	appendRows(dst, src, from, to, func(x []byte) []byte { return x })
}

func appendRows(dst, src *table.Vector, from, to int, own func([]byte) []byte) {
	rows := dst.Len()
	a, b := elems(src, from, to)
	have := ElemLen(dst)
	switch src.Type.Kind {
	case table.Bool:
		dst.Bools = append(dst.Bools, src.Bools[a:b]...)
	case table.Int16:
		dst.Int16s = append(dst.Int16s, src.Int16s[a:b]...)
	case table.Int32:
		dst.Int32s = append(dst.Int32s, src.Int32s[a:b]...)
	case table.Int64:
		dst.Int64s = append(dst.Int64s, src.Int64s[a:b]...)
	case table.Float32:
		dst.Float32s = append(dst.Float32s, src.Float32s[a:b]...)
	case table.Float64:
		dst.Float64s = append(dst.Float64s, src.Float64s[a:b]...)
	case table.Bytes:
		for _, x := range src.Bytes[a:b] {
			dst.Bytes = append(dst.Bytes, own(x))
		}
	default:
		dst.Strings = append(dst.Strings, src.Strings[a:b]...)
	}
	dst.Null = appendMarks(dst.Null, rows, src.Null, from, to)
	if !src.Type.Array {
		return
	}
	dst.ElemNull = appendMarks(dst.ElemNull, have, src.ElemNull, a, b)
	appendDims(dst, rows, src, from, to)
	if len(dst.Offsets) == 0 {
		dst.Offsets = append(dst.Offsets, 0)
	}
	for i := from; i < to; i++ {
		dst.Offsets = append(dst.Offsets, src.Offsets[i+1]-a+have)
	}
}

// Grow makes room in a vector for times as many values as rows from to to of src, which has the same type, have.
func Grow(dst, src *table.Vector, from, to, times int) {
	a, b := elems(src, from, to)
	n := (b - a) * times
	switch src.Type.Kind {
	case table.Bool:
		dst.Bools = slices.Grow(dst.Bools, n)
	case table.Int16:
		dst.Int16s = slices.Grow(dst.Int16s, n)
	case table.Int32:
		dst.Int32s = slices.Grow(dst.Int32s, n)
	case table.Int64:
		dst.Int64s = slices.Grow(dst.Int64s, n)
	case table.Float32:
		dst.Float32s = slices.Grow(dst.Float32s, n)
	case table.Float64:
		dst.Float64s = slices.Grow(dst.Float64s, n)
	case table.Bytes:
		dst.Bytes = slices.Grow(dst.Bytes, n)
	default:
		dst.Strings = slices.Grow(dst.Strings, n)
	}
	if src.Type.Array {
		dst.Offsets = slices.Grow(dst.Offsets, (to-from)*times+1)
	}
}

// appendMarks adds the marks from to to of src, nil meaning none is set, to the marks of have items.
func appendMarks(dst []bool, have int, src []bool, from, to int) []bool {
	if src == nil {
		if dst == nil {
			return nil
		}
		return append(dst, make([]bool, to-from)...)
	}
	if dst == nil {
		dst = make([]bool, have, have+to-from)
	}
	return append(dst, src[from:to]...)
}

// appendDims adds the shapes of rows from to to; the offsets of dst are still those of its first rows.
func appendDims(dst *table.Vector, rows int, src *table.Vector, from, to int) {
	if src.Dims == nil && dst.Dims == nil {
		return
	}
	if dst.Dims == nil {
		dst.Dims = make([][]int, 0, rows+to-from)
		for i := range rows {
			dst.Dims = append(dst.Dims, []int{dst.Offsets[i+1] - dst.Offsets[i]})
		}
	}
	for i := from; i < to; i++ {
		dst.Dims = append(dst.Dims, append([]int(nil), src.Shape(i)...))
	}
}

// RowBytes is about the size of row i in memory and in an Arrow body.
func RowBytes(v *table.Vector, i int) int {
	a, b := elems(v, i, i+1)
	size := 0
	switch v.Type.Kind {
	case table.Bool:
		size = b - a
	case table.Int16:
		size = 2 * (b - a)
	case table.Int32, table.Float32:
		size = 4 * (b - a)
	case table.Int64, table.Float64:
		size = 8 * (b - a)
	case table.Bytes:
		for _, x := range v.Bytes[a:b] {
			size += 4 + len(x)
		}
	default:
		for _, x := range v.Strings[a:b] {
			size += 4 + len(x)
		}
	}
	if v.Type.Array {
		size += 8
	}
	return size
}

// HasDims reports whether an array of the column is not one-dimensional, so that its shapes must be kept.
func HasDims(v *table.Vector) bool {
	for i := range v.Dims {
		if keepsShape(v, i) {
			return true
		}
	}
	return false
}

// keepsShape reports whether row i's shape says more than its number of elements does.
func keepsShape(v *table.Vector, i int) bool {
	return v.Dims != nil && len(v.Dims[i]) > 1 && v.Offsets[i+1] > v.Offsets[i]
}
