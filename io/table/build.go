package table

// The methods in this file are for stores that fill a vector's slices themselves: append the value's elements to the slice
// of the kind, then end the row.

// EndScalar ends a row whose value was appended to the slice of the kind.
func (v *Vector) EndScalar() {
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
}

// EndArray ends a row whose elements were appended since the row before. shape is the array's; nil means one dimension. It
// is kept and must not change afterwards.
func (v *Vector) EndArray(shape []int) {
	row := v.startArray()
	switch {
	case shape == nil && v.Dims == nil:
		v.Offsets = append(v.Offsets, v.elems())
	case shape == nil:
		v.endRow(row, []int{v.elems() - v.Offsets[row]})
	default:
		v.endRow(row, shape)
	}
	if v.ElemNull != nil {
		for len(v.ElemNull) < v.elems() {
			v.ElemNull = append(v.ElemNull, false)
		}
	}
	if v.Null != nil {
		v.Null = append(v.Null, false)
	}
}

// AppendNull adds a row that is NULL.
func (v *Vector) AppendNull() {
	if !v.Type.Array {
		row := v.elems()
		v.appendZero()
		v.setNull(row)
		return
	}
	row := v.startArray()
	v.endRow(row, []int{0})
	v.setNull(row)
}

// AppendNullElem adds a NULL element to the array that is being filled.
func (v *Vector) AppendNullElem() {
	j := v.elems()
	v.appendZero()
	for len(v.ElemNull) < j {
		v.ElemNull = append(v.ElemNull, false)
	}
	v.ElemNull = append(v.ElemNull, true)
}

// startArray makes room for the offsets of a first row and returns the number of rows.
func (v *Vector) startArray() int {
	if len(v.Offsets) == 0 {
		v.Offsets = append(v.Offsets, 0)
	}
	return len(v.Offsets) - 1
}
