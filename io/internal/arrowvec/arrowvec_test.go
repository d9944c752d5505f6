package arrowvec

import (
	"math"
	"reflect"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/io/table"
)

// elemTypes have every way values are held.
var types = []table.Type{
	table.BoolType, table.Int16Type, table.Int32Type, table.Int64Type, table.Float32Type, table.Float64Type, table.NumericType, table.TextType, table.BytesType,
}

func drawElem(t *rapid.T, k table.Kind) any {
	switch k {
	case table.Bool:
		return rapid.Bool().Draw(t, "bool")
	case table.Int16:
		return rapid.Int16().Draw(t, "int16")
	case table.Int32:
		return rapid.Int32().Draw(t, "int32")
	case table.Int64:
		return rapid.Int64().Draw(t, "int64")
	case table.Float32:
		return rapid.Float32().Draw(t, "float32")
	case table.Float64:
		return rapid.Float64().Draw(t, "float64")
	case table.Bytes:
		return rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "bytes")
	}
	return rapid.StringN(0, 5, 10).Draw(t, "text")
}

// draw makes a vector of some type and rows.
func draw(t *rapid.T) *table.Vector {
	typ := rapid.SampledFrom(types).Draw(t, "type")
	if rapid.Bool().Draw(t, "array") {
		typ = typ.ArrayOf()
	}
	v := &table.Vector{Type: typ}
	for range rapid.IntRange(0, 20).Draw(t, "rows") {
		var x any
		switch {
		case rapid.IntRange(0, 4).Draw(t, "null") == 0:
		case !typ.Array:
			x = drawElem(t, typ.Kind)
		default:
			a := table.Array{Shape: rapid.SliceOfN(rapid.IntRange(1, 3), 1, 3).Draw(t, "shape")}
			if rapid.IntRange(0, 3).Draw(t, "empty") == 0 {
				a.Shape = nil
			} else {
				for range product(a.Shape) {
					var e any
					if rapid.IntRange(0, 4).Draw(t, "null") > 0 {
						e = drawElem(t, typ.Kind)
					}
					a.Elems = append(a.Elems, e)
				}
			}
			x = a
		}
		if err := v.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func texts(v *table.Vector) (out []string) {
	for i := range v.Len() {
		text, null := table.FormatValue(v, i)
		if null {
			text = "<null>"
		}
		out = append(out, text)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		arr, err := Array(v)
		if err != nil {
			t.Fatal(err)
		}
		defer arr.Release()
		var dims arrow.Array
		if v.Type.Array {
			dims = Dims(v)
			defer dims.Release()
		}
		from := rapid.IntRange(0, v.Len()).Draw(t, "from")
		n := rapid.IntRange(0, v.Len()-from).Draw(t, "n")
		got := &table.Vector{Type: v.Type}
		for range 2 { // into used memory, too
			if err := Read(got, arr.Data(), from, n); err != nil {
				t.Fatal(err)
			}
			if dims != nil {
				if err := ReadDims(got, dims.Data(), from, n); err != nil {
					t.Fatal(err)
				}
			}
			if err := got.Check(n); err != nil {
				t.Fatal(err)
			}
			if a, b := texts(got), texts(v)[from:from+n]; len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
				t.Fatalf("got %q, want %q", a, b)
			}
		}
		sliced := array.NewSlice(arr, int64(from), int64(from+n))
		defer sliced.Release()
		if err := Read(got, sliced.Data(), 0, n); err != nil || got.Len() != n {
			t.Fatalf("%d rows of a slice, %v", got.Len(), err)
		}
	})
}

func TestAppendRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		out := &table.Vector{Type: v.Type}
		var want []string
		for range 4 {
			from := rapid.IntRange(0, v.Len()).Draw(t, "from")
			to := rapid.IntRange(from, v.Len()).Draw(t, "to")
			AppendRows(out, v, from, to)
			want = append(want, texts(v)[from:to]...)
		}
		if err := out.Check(len(want)); err != nil && len(want) > 0 {
			t.Fatal(err)
		}
		if got := texts(out); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// TestBadArrays reads arrays whose buffers contradict their lengths.
func TestBadArrays(t *testing.T) {
	bytes := func(b ...byte) *memory.Buffer { return memory.NewBufferBytes(b) }
	offsets := func(o ...int32) *memory.Buffer { return memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(o)) }
	child := array.NewData(arrow.PrimitiveTypes.Int32, 2, []*memory.Buffer{nil, offsets(1, 2)}, nil, 0, 0)
	list := arrow.ListOf(arrow.PrimitiveTypes.Int32)
	for name, c := range map[string]struct {
		typ  table.Type
		data *array.Data
	}{
		"short bitmap":      {table.Int32Type, array.NewData(arrow.PrimitiveTypes.Int32, 9, []*memory.Buffer{bytes(1), memory.NewBufferBytes(make([]byte, 36))}, nil, 3, 0)},
		"nulls, no bitmap":  {table.Int32Type, array.NewData(arrow.PrimitiveTypes.Int32, 1, []*memory.Buffer{nil, offsets(1)}, nil, 1, 0)},
		"short bools":       {table.BoolType, array.NewData(arrow.FixedWidthTypes.Boolean, 9, []*memory.Buffer{nil, bytes(1)}, nil, 0, 0)},
		"falling list":      {table.Int32ArrayType, array.NewData(list, 2, []*memory.Buffer{nil, offsets(0, 2, 1)}, []arrow.ArrayData{child}, 0, 0)},
		"negative list":     {table.Int32ArrayType, array.NewData(list, 1, []*memory.Buffer{nil, offsets(-1, 2)}, []arrow.ArrayData{child}, 0, 0)},
		"list past the end": {table.Int32ArrayType, array.NewData(list, 1, []*memory.Buffer{nil, offsets(0, 3)}, []arrow.ArrayData{child}, 0, 0)},
		"short offsets":     {table.Int32ArrayType, array.NewData(list, 2, []*memory.Buffer{nil, offsets(0, 1)}, []arrow.ArrayData{child}, 0, 0)},
		"short values":      {table.Int64Type, array.NewData(arrow.PrimitiveTypes.Int64, 2, []*memory.Buffer{nil, bytes(make([]byte, 15)...)}, nil, 0, 0)},
		"no values":         {table.Int16Type, array.NewData(arrow.PrimitiveTypes.Int16, 1, []*memory.Buffer{nil, nil}, nil, 0, 0)},
		"falling text":      {table.TextType, array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil, offsets(0, 2, 1), bytes(1, 2)}, nil, 0, 0)},
		"text past the end": {table.BytesType, array.NewData(arrow.BinaryTypes.Binary, 1, []*memory.Buffer{nil, offsets(0, 3), bytes(1, 2)}, nil, 0, 0)},
		"negative text":     {table.TextType, array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{nil, offsets(-1, 1), bytes(1, 2)}, nil, 0, 0)},
		"no text offsets":   {table.TextType, array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{nil, nil, bytes(1, 2)}, nil, 0, 0)},
		"many elements":     {table.Int32ArrayType, array.NewData(list, 1, []*memory.Buffer{nil, offsets(0, math.MaxInt32)}, []arrow.ArrayData{array.NewData(arrow.PrimitiveTypes.Int32, math.MaxInt32, []*memory.Buffer{nil, offsets(1)}, nil, 0, 0)}, 0, 0)},
		"other type":        {table.Int64Type, child},
		"other elements":    {table.TextArrayType, array.NewData(list, 1, []*memory.Buffer{nil, offsets(0, 1)}, []arrow.ArrayData{child}, 0, 0)},
	} {
		v := table.Vector{Type: c.typ}
		if err := Read(&v, c.data, 0, c.data.Len()); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	v := table.Vector{Type: table.Int32Type}
	for _, r := range [][2]int{{-1, 1}, {0, 3}, {2, 1}, {0, -1}} {
		if err := Read(&v, child, r[0], r[1]); err == nil {
			t.Errorf("rows %v of 2: read", r)
		}
	}
}

func TestBadDims(t *testing.T) {
	v := table.Vector{Type: table.Int32ArrayType}
	if err := v.Append(table.Array{Elems: []any{int32(1), int32(2), int32(3), int32(4)}, Shape: []int{2, 2}}); err != nil {
		t.Fatal(err)
	}
	for _, shape := range [][]int{{4}, {}, {2, 3}, {-2, -2}, {0, 4}, {math.MaxInt32, math.MaxInt32}, {1, 1, 1, 1, 1, 1, 4}} {
		offsets := []int{0, len(shape)}
		values := make([]int32, len(shape))
		for i, d := range shape {
			values[i] = int32(d)
		}
		child := fixedData(arrow.PrimitiveTypes.Int32, len(values), nil, arrow.Int32Traits.CastToBytes(values))
		if err := ReadDims(&v, listData(DimsType, 1, nil, offsets, child), 0, 1); err == nil {
			t.Errorf("the shape %v was taken", shape)
		}
	}
}

// product is the number of elements of an array of that shape.
func product(shape []int) int {
	n := min(1, len(shape))
	for _, d := range shape {
		n *= d
	}
	return n
}
