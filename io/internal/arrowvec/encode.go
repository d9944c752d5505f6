package arrowvec

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/table"
)

// Array views the vector as an Arrow array of type DataType(v.Type). Numbers are not copied: the array is valid as long as
// the vector is not changed. Text or bytes of 2 GiB or more in one column are an error, as is an array of as many elements.
func Array(v *table.Vector) (arrow.Array, error) {
	data, err := elemData(v)
	if err != nil {
		return nil, err
	}
	if v.Type.Array {
		if data.Len() > math.MaxInt32 {
			return nil, fmt.Errorf("%d array elements at once; at most %d can be written", data.Len(), math.MaxInt32)
		}
		list := listData(DataType(v.Type), v.Len(), v.Null, v.Offsets, data)
		data.Release()
		data = list
	}
	defer data.Release()
	return array.MakeFromData(data), nil
}

// ListType is the type of lists in lists, depth deep, around the elements of arrays of type t.
func ListType(t table.Type, depth int) arrow.DataType {
	dt := elemType(t.Kind)
	for range depth {
		dt = arrow.ListOf(dt)
	}
	return dt
}

// Dims is the column of the shapes of v's arrays, of type DimsType: NULL where the array is one-dimensional, empty or NULL.
func Dims(v *table.Vector) arrow.Array {
	n := v.Len()
	null, offsets := make([]bool, n), make([]int, n+1)
	var values []int32
	for i := range n {
		null[i] = !keepsShape(v, i)
		if !null[i] {
			for _, d := range v.Dims[i] {
				values = append(values, int32(d))
			}
		}
		offsets[i+1] = len(values)
	}
	child := fixedData(arrow.PrimitiveTypes.Int32, len(values), nil, arrow.Int32Traits.CastToBytes(values))
	defer child.Release()
	data := listData(DimsType, n, null, offsets, child)
	defer data.Release()
	return array.MakeFromData(data)
}

func elemData(v *table.Vector) (arrow.ArrayData, error) {
	dt, null := elemType(v.Type.Kind), v.Null
	if v.Type.Array {
		null = v.ElemNull
	}
	switch v.Type.Kind {
	case table.Bool:
		return fixedData(dt, len(v.Bools), null, bits(v.Bools, false)), nil
	case table.Int16:
		return fixedData(dt, len(v.Int16s), null, arrow.Int16Traits.CastToBytes(v.Int16s)), nil
	case table.Int32:
		return fixedData(dt, len(v.Int32s), null, arrow.Int32Traits.CastToBytes(v.Int32s)), nil
	case table.Int64:
		return fixedData(dt, len(v.Int64s), null, arrow.Int64Traits.CastToBytes(v.Int64s)), nil
	case table.Float32:
		return fixedData(dt, len(v.Float32s), null, arrow.Float32Traits.CastToBytes(v.Float32s)), nil
	case table.Float64:
		return fixedData(dt, len(v.Float64s), null, arrow.Float64Traits.CastToBytes(v.Float64s)), nil
	case table.Bytes:
		return textData(dt, v.Bytes, null)
	}
	return textData(dt, v.Strings, null)
}

func fixedData(dt arrow.DataType, n int, null []bool, values []byte) arrow.ArrayData {
	bitmap, nulls := validity(null)
	return array.NewData(dt, n, []*memory.Buffer{bitmap, memory.NewBufferBytes(values)}, nil, nulls, 0)
}

func textData[T string | []byte](dt arrow.DataType, values []T, null []bool) (arrow.ArrayData, error) {
	total := 0
	for _, s := range values {
		total += len(s)
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("%d bytes of text or bytea at once; at most %d can be written", total, math.MaxInt32)
	}
	offsets, body := make([]int32, len(values)+1), alone(values, total)
	if body == nil {
		body = make([]byte, 0, total)
		for _, s := range values {
			body = append(body, s...)
		}
	}
	end := 0
	for i, s := range values {
		end += len(s)
		offsets[i+1] = int32(end)
	}
	bitmap, nulls := validity(null)
	buffers := []*memory.Buffer{
		bitmap, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(body),
	}
	return array.NewData(dt, len(values), buffers, nil, nulls, 0), nil
}

// alone is the value that has all bytes, which need no copy then; nil: several have some, or they are texts.
func alone[T string | []byte](values []T, total int) []byte {
	for _, s := range values {
		if b, ok := any(s).([]byte); ok && len(b) == total {
			return b
		}
	}
	return nil
}

func listData(dt arrow.DataType, n int, null []bool, offsets []int, child arrow.ArrayData) arrow.ArrayData {
	small := make([]int32, n+1)
	for i := range offsets {
		small[i] = int32(offsets[i])
	}
	bitmap, nulls := validity(null)
	buffers := []*memory.Buffer{bitmap, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(small))}
	return array.NewData(dt, n, buffers, []arrow.ArrayData{child}, nulls, 0)
}

// validity is the bitmap of what is not NULL, nil when nothing is, and the number of NULLs.
func validity(null []bool) (*memory.Buffer, int) {
	nulls := 0
	for _, x := range null {
		if x {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(bits(null, true)), nulls
}

// bits packs marks eight to a byte, lowest bit first, inverted if asked.
func bits(marks []bool, invert bool) []byte {
	out := make([]byte, (len(marks)+7)/8)
	for i, m := range marks {
		if m != invert {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}
