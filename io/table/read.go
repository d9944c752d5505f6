package table

import (
	"fmt"
	"slices"
)

// The methods below read single values, for tables of a few rows: summaries, models, descriptions of buffers. A value that is NULL is a
// *NullError, a column of a type that has no such value a *TypeError.

// A NullError is a NULL where a value is needed.
type NullError struct {
	Element int // of an array, counted from 1; 0: the value itself
}

func (e *NullError) Error() string {
	if e.Element > 0 {
		return fmt.Sprintf("element %d is NULL", e.Element)
	}
	return "the value is NULL"
}

// A TypeError is a column of another type than expected.
type TypeError struct {
	Type Type
	Want string // types that would do
}

func (e *TypeError) Error() string { return fmt.Sprintf("the type is %s, expected %s", e.Type, e.Want) }

// A ShapeError is an array of another shape than what it must be like.
type ShapeError struct {
	Got, Want []int
	Like      string // what has the shape Want: "the model's input"
}

func (e *ShapeError) Error() string {
	return fmt.Sprintf("the array has shape %v, %s has shape %v", e.Got, e.Like, e.Want)
}

// Int is the value in row i of a column of integers of any size.
func (v *Vector) Int(i int) (int64, error) {
	if !v.Type.IsInteger() {
		return 0, &TypeError{v.Type, "integer"}
	}
	if v.IsNull(i) {
		return 0, &NullError{}
	}
	return v.intElem(i), nil
}

// Ints are the elements in row i of a column of arrays of integers of any size, in row-major order.
func (v *Vector) Ints(i int) ([]int, error) {
	if !v.Type.Array || !v.Type.Elem().IsInteger() {
		return nil, &TypeError{v.Type, "integer[]"}
	}
	return elementsOf(v, i, func(j int) int { return int(v.intElem(j)) })
}

func (v *Vector) intElem(j int) int64 {
	switch v.Type.Kind {
	case Int16:
		return int64(v.Int16s[j])
	case Int32:
		return int64(v.Int32s[j])
	}
	return v.Int64s[j]
}

// Real is the value in row i of a column of type real or double precision.
func (v *Vector) Real(i int) (float64, error) {
	if v.Type.Array || !v.Type.isReal() {
		return 0, &TypeError{v.Type, "real or double precision"}
	}
	if v.IsNull(i) {
		return 0, &NullError{}
	}
	return v.realElem(i), nil
}

// Reals are the elements in row i of a column of arrays of type real or double precision, in row-major order.
func (v *Vector) Reals(i int) ([]float64, error) {
	if !v.Type.Array || !v.Type.isReal() {
		return nil, &TypeError{v.Type, "real[] or double precision[]"}
	}
	return elementsOf(v, i, v.realElem)
}

func (v *Vector) realElem(j int) float64 {
	if v.Type.Kind == Float32 {
		return float64(v.Float32s[j])
	}
	return v.Float64s[j]
}

// Text is the value in row i of a column that is held as text: text, json, dates and the like.
func (v *Vector) Text(i int) (string, error) {
	if !v.Type.IsText() {
		return "", &TypeError{v.Type, "text"}
	}
	if v.IsNull(i) {
		return "", &NullError{}
	}
	return v.Strings[i], nil
}

// Texts are the elements in row i of a column of arrays that are held as text, in row-major order.
func (v *Vector) Texts(i int) ([]string, error) {
	if !v.Type.Array || !v.Type.Elem().IsText() {
		return nil, &TypeError{v.Type, "text[]"}
	}
	return elementsOf(v, i, func(j int) string { return v.Strings[j] })
}

// Bool is the value in row i of a column of booleans.
func (v *Vector) Bool(i int) (bool, error) {
	if v.Type.Array || v.Type.Kind != Bool {
		return false, &TypeError{v.Type, "boolean"}
	}
	if v.IsNull(i) {
		return false, &NullError{}
	}
	return v.Bools[i], nil
}

// Binary is the value in row i of a column of type bytea. It shares the vector's memory.
func (v *Vector) Binary(i int) ([]byte, error) {
	if v.Type.Array || v.Type.Kind != Bytes {
		return nil, &TypeError{v.Type, "bytea"}
	}
	if v.IsNull(i) {
		return nil, &NullError{}
	}
	return v.Bytes[i], nil
}

// elementsOf are the elements of the array in row i, none of which may be NULL.
func elementsOf[T any](v *Vector, i int, at func(j int) T) ([]T, error) {
	first, last, err := v.whole(i)
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, last-first)
	for j := first; j < last; j++ {
		out = append(out, at(j))
	}
	return out, nil
}

// whole is where the elements of the array in row i are; neither it nor one of them may be NULL.
func (v *Vector) whole(i int) (first, last int, err error) {
	if v.IsNull(i) {
		return 0, 0, &NullError{}
	}
	first, last = v.Offsets[i], v.Offsets[i+1]
	if v.ElemNull != nil {
		if k := slices.Index(v.ElemNull[first:last], true); k >= 0 {
			return 0, 0, &NullError{Element: k + 1}
		}
	}
	return first, last, nil
}

// Shaped is where the elements of the array in row i are in the slice in use. The array must have that shape, which is that of what like
// names, and hold no NULL. It allocates nothing where that is so.
func (v *Vector) Shaped(i int, shape []int, like string) (first, last int, err error) {
	if v.IsNull(i) {
		return 0, 0, &NullError{}
	}
	if v.Dims == nil && len(shape) == 1 {
		if n := v.Offsets[i+1] - v.Offsets[i]; n != shape[0] {
			return 0, 0, &ShapeError{[]int{n}, shape, like}
		}
	} else if got := v.Shape(i); !slices.Equal(got, shape) {
		return 0, 0, &ShapeError{got, shape, like}
	}
	return v.whole(i)
}
