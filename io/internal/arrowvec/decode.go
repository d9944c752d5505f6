package arrowvec

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/table"
)

// Read fills dst with rows from to from+n of data, which must have type DataType(dst.Type); what dst held is overwritten, its
// memory used again. Nothing in dst points into data but the values of type bytea. Data whose buffers contradict its length is
// an error.
func Read(dst *table.Vector, data arrow.ArrayData, from, n int) error {
	dst.Reset()
	if want := DataType(dst.Type); !arrow.TypeEqual(data.DataType(), want) {
		return fmt.Errorf("a column of Arrow type %s where %s was expected", data.DataType(), want)
	}
	if from < 0 || n < 0 || from+n > data.Len() {
		return fmt.Errorf("rows %d to %d of an array of %d", from, from+n, data.Len())
	}
	var err error
	if dst.Null, err = nullMarks(data, from, n); err != nil {
		return err
	}
	if !dst.Type.Array {
		return readElems(dst, data, from, n)
	}
	child, a, b, err := list(dst, data, from, n)
	if err != nil {
		return err
	}
	if dst.ElemNull, err = nullMarks(child, a, b-a); err != nil {
		return err
	}
	return readElems(dst, child, a, b-a)
}

// ReadDims gives dst, which Read has filled with the same rows, the shapes that data, of a column made by Dims, holds.
func ReadDims(dst *table.Vector, data arrow.ArrayData, from, n int) error {
	shapes := table.Vector{Type: table.Int32ArrayType}
	if !arrow.TypeEqual(data.DataType(), DimsType) {
		return fmt.Errorf("a column of Arrow type %s where shapes %s were expected", data.DataType(), DimsType)
	}
	if from < 0 || n < 0 || from+n > data.Len() || dst.Len() != n {
		return fmt.Errorf("shapes of rows %d to %d in a column of %d", from, from+n, data.Len())
	}
	null, err := nullMarks(data, from, n)
	if err != nil || null == nil && n == 0 {
		return err
	}
	child, a, b, err := list(&shapes, data, from, n)
	if err != nil {
		return err
	}
	if err := readElems(&shapes, child, a, b-a); err != nil {
		return err
	}
	flat, kept := make([]int, 0, len(shapes.Int32s)+n), 0
	dims := make([][]int, n)
	for i := range n {
		start, count := len(flat), dst.Offsets[i+1]-dst.Offsets[i]
		switch {
		case null == nil || !null[i]:
			kept++
			for _, d := range shapes.Int32s[shapes.Offsets[i]:shapes.Offsets[i+1]] {
				flat = append(flat, int(d))
			}
			if err := checkShape(flat[start:], count); err != nil {
				return fmt.Errorf("row %d: %w", i+1, err)
			}
		case count > 0:
			flat = append(flat, count)
		}
		dims[i] = flat[start:len(flat):len(flat)]
	}
	if kept > 0 {
		dst.Dims = dims
	}
	return nil
}

// checkShape reports a shape that an array of count elements cannot have.
func checkShape(shape []int, count int) error {
	if len(shape) < 2 || len(shape) > table.MaxDims {
		return fmt.Errorf("an array with a shape of %d dimensions", len(shape))
	}
	total := 1
	for _, d := range shape {
		if d <= 0 || total > math.MaxInt32/d {
			return fmt.Errorf("an array of shape %v", shape)
		}
		total *= d
	}
	if total != count {
		return fmt.Errorf("%d elements in an array of shape %v", count, shape)
	}
	return nil
}

// list sets dst.Offsets to those of rows from to from+n of a list array and returns its child with the range of elements
// that the rows cover. The offsets are checked against the child.
func list(dst *table.Vector, data arrow.ArrayData, from, n int) (child arrow.ArrayData, a, b int, err error) {
	if len(data.Children()) != 1 {
		return nil, 0, 0, fmt.Errorf("a list array without elements")
	}
	child = data.Children()[0]
	offsets, err := int32s(data, 1, from, n+1)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("list offsets: %w", err)
	}
	if n == 0 {
		dst.Offsets = append(dst.Offsets, 0)
		return child, 0, 0, nil
	}
	if err := rising(offsets, child.Len()); err != nil {
		return nil, 0, 0, fmt.Errorf("list offsets: %w", err)
	}
	for _, o := range offsets {
		dst.Offsets = append(dst.Offsets, int(o-offsets[0]))
	}
	return child, int(offsets[0]), int(offsets[n]), nil
}

// rising checks that offsets do not fall and stay within 0 to limit.
func rising(offsets []int32, limit int) error {
	last := int32(0)
	for _, o := range offsets {
		if o < last {
			return fmt.Errorf("%d after %d", o, last)
		}
		last = o
	}
	if int(last) > limit {
		return fmt.Errorf("%d over %d values", last, limit)
	}
	return nil
}

// readElems fills the slice of dst's kind with elements a to a+n of data.
func readElems(dst *table.Vector, data arrow.ArrayData, a, n int) (err error) {
	if kind, ok := kindOf(data.DataType()); !ok || DataType(table.Type{Kind: kind}) != elemType(dst.Type.Kind) {
		return fmt.Errorf("a column of Arrow type %s where %s was expected", data.DataType(), elemType(dst.Type.Kind))
	}
	switch dst.Type.Kind {
	case table.Bool:
		dst.Bools, err = bitMarks(dst.Bools, data, 1, a, n, true)
	case table.Int16:
		dst.Int16s, err = fixed(dst.Int16s, data, a, n, 2, arrow.Int16Traits.CastFromBytes)
	case table.Int32:
		dst.Int32s, err = fixed(dst.Int32s, data, a, n, 4, arrow.Int32Traits.CastFromBytes)
	case table.Int64:
		dst.Int64s, err = fixed(dst.Int64s, data, a, n, 8, arrow.Int64Traits.CastFromBytes)
	case table.Float32:
		dst.Float32s, err = fixed(dst.Float32s, data, a, n, 4, arrow.Float32Traits.CastFromBytes)
	case table.Float64:
		dst.Float64s, err = fixed(dst.Float64s, data, a, n, 8, arrow.Float64Traits.CastFromBytes)
	case table.Bytes:
		err = eachText(data, a, n, func(body []byte, offsets []int32) {
			for i := range n { // without a copy: a packed value may be hundreds of megabytes
				lo, hi := offsets[i]-offsets[0], offsets[i+1]-offsets[0]
				dst.Bytes = append(dst.Bytes, body[lo:hi:hi])
			}
		})
	default:
		err = eachText(data, a, n, func(body []byte, offsets []int32) {
			flat := string(body)
			for i := range n {
				dst.Strings = append(dst.Strings, flat[offsets[i]-offsets[0]:offsets[i+1]-offsets[0]])
			}
		})
	}
	return err
}

// eachText gives use the bytes and the n+1 offsets of n text or byte values, checked; it is not called for n = 0.
func eachText(data arrow.ArrayData, a, n int, use func(body []byte, offsets []int32)) error {
	if n == 0 {
		return nil
	}
	offsets, err := int32s(data, 1, a, n+1)
	if err != nil {
		return fmt.Errorf("text offsets: %w", err)
	}
	body := bytesOf(data, 2)
	if err := rising(offsets, len(body)); err != nil {
		return fmt.Errorf("text offsets: %w", err)
	}
	use(body[offsets[0]:offsets[n]], offsets)
	return nil
}

// fixed appends n values of that width to dst.
func fixed[T any](dst []T, data arrow.ArrayData, a, n, width int, cast func([]byte) []T) ([]T, error) {
	b, err := window(data, 1, a, n, width)
	if err != nil || n == 0 {
		return dst, err
	}
	return append(dst, cast(b)...), nil
}

func int32s(data arrow.ArrayData, buffer, a, n int) ([]int32, error) {
	if data.Len() == 0 && len(bytesOf(data, buffer)) == 0 {
		return make([]int32, n), nil // Arrow lets writers leave out the offsets of an array of length 0
	}
	b, err := window(data, buffer, a, n, 4)
	if err != nil {
		return nil, err
	}
	return arrow.Int32Traits.CastFromBytes(b), nil
}

// window is the bytes of n values of that width, from value a of the array on.
func window(data arrow.ArrayData, buffer, a, n, width int) ([]byte, error) {
	b, first := bytesOf(data, buffer), data.Offset()+a
	if first < 0 || n < 0 || first > len(b) || n > len(b) || (first+n)*width > len(b) {
		return nil, fmt.Errorf("%d bytes for values %d to %d", len(b), first, first+n)
	}
	return b[first*width : (first+n)*width], nil
}

func bytesOf(data arrow.ArrayData, buffer int) []byte {
	if buffers := data.Buffers(); buffer < len(buffers) && buffers[buffer] != nil {
		return buffers[buffer].Bytes()
	}
	return nil
}

// nullMarks is the NULL marks of rows a to a+n, nil when none of them is NULL.
func nullMarks(data arrow.ArrayData, a, n int) ([]bool, error) {
	if data.NullN() == 0 || len(bytesOf(data, 0)) == 0 {
		if data.NullN() > 0 && data.Len() > 0 {
			return nil, fmt.Errorf("%d NULLs without a bitmap", data.NullN())
		}
		return nil, nil
	}
	marks, err := bitMarks(nil, data, 0, a, n, false)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		if m {
			return marks, nil
		}
	}
	return nil, nil
}

// bitMarks appends, for bits a to a+n of a bitmap, whether they equal set.
func bitMarks(dst []bool, data arrow.ArrayData, buffer, a, n int, set bool) ([]bool, error) {
	b, first := bytesOf(data, buffer), data.Offset()+a
	if first < 0 || n < 0 || (first+n+7)/8 > len(b) {
		return dst, fmt.Errorf("a bitmap of %d bytes for bits %d to %d", len(b), first, first+n)
	}
	for i := first; i < first+n; i++ {
		dst = append(dst, (b[i/8]>>(i%8)&1 == 1) == set)
	}
	return dst, nil
}
