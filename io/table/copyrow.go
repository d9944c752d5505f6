package table

import "fmt"

// AppendFrom adds row i of src, which has the same kind and is an array where v is one. Bytes are shared, not copied.
func (v *Vector) AppendFrom(src *Vector, i int) {
	if v.Type.Kind != src.Type.Kind || v.Type.Array != src.Type.Array {
		panic(fmt.Sprintf("table: a row of type %s for type %s", src.Type, v.Type))
	}
	switch {
	case src.IsNull(i):
		v.AppendNull()
	case !v.Type.Array:
		v.appendElems(src, i, i+1)
		v.EndScalar()
	default:
		v.appendArrayFrom(src, i)
	}
}

func (v *Vector) appendArrayFrom(src *Vector, i int) {
	row, before := v.startArray(), v.elems()
	from, to := src.Offsets[i], src.Offsets[i+1]
	v.appendElems(src, from, to)
	if src.ElemNull != nil && v.ElemNull == nil {
		v.ElemNull = make([]bool, before)
	}
	switch {
	case src.ElemNull != nil:
		v.ElemNull = append(v.ElemNull, src.ElemNull[from:to]...)
	case v.ElemNull != nil:
		v.ElemNull = append(v.ElemNull, make([]bool, to-from)...)
	}
	v.endRow(row, append([]int(nil), src.Shape(i)...))
	v.EndScalar()
}

// appendElems adds elements from to to-1 of src.
func (v *Vector) appendElems(src *Vector, from, to int) {
	switch v.Type.Kind {
	case Bool:
		v.Bools = append(v.Bools, src.Bools[from:to]...)
	case Int16:
		v.Int16s = append(v.Int16s, src.Int16s[from:to]...)
	case Int32:
		v.Int32s = append(v.Int32s, src.Int32s[from:to]...)
	case Int64:
		v.Int64s = append(v.Int64s, src.Int64s[from:to]...)
	case Float32:
		v.Float32s = append(v.Float32s, src.Float32s[from:to]...)
	case Float64:
		v.Float64s = append(v.Float64s, src.Float64s[from:to]...)
	case Bytes:
		v.Bytes = append(v.Bytes, src.Bytes[from:to]...)
	default:
		v.Strings = append(v.Strings, src.Strings[from:to]...)
	}
}
