package table

import (
	"reflect"
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		typ    Type
		values []any
	}{
		{BoolType, []any{true, nil, false}},
		{Int16Type, []any{int16(1), nil, int16(-2)}},
		{Int32Type, []any{nil, int32(1)}},
		{Int64Type, []any{int64(1), int64(2), nil, nil}},
		{Float32Type, []any{float32(1), nil}},
		{Float64Type, []any{1.5, nil, 2.5}},
		{NumericType, []any{"1.50", nil}},
		{TextType, []any{"", nil, "x"}},
		{JSONType, []any{"{}", nil}},
		{BytesType, []any{[]byte{1}, nil}},
		{Int32ArrayType, []any{
			Array{Elems: []any{int32(1), int32(2)}, Shape: []int{2}},
			nil,
			Array{Elems: []any{int32(3), nil}, Shape: []int{1, 2}},
			Array{Elems: []any{}, Shape: []int{0}},
			Array{Elems: []any{int32(4)}, Shape: []int{1}},
		}},
		{TextArrayType, []any{Array{Elems: []any{nil}, Shape: []int{1}}, Array{Elems: []any{"a"}, Shape: []int{1}}, nil}},
	} {
		v := Vector{Type: c.typ}
		for round := range 2 { // the second time in the memory of the first
			for _, x := range c.values {
				if err := v.Append(x); err != nil {
					t.Fatalf("%s: %v", c.typ, err)
				}
			}
			if v.Len() != len(c.values) {
				t.Fatalf("%s: %d rows", c.typ, v.Len())
			}
			for i, want := range c.values {
				if got := v.Value(i); !reflect.DeepEqual(got, want) || v.IsNull(i) != (want == nil) {
					t.Errorf("%s, round %d, row %d: got %#v, want %#v", c.typ, round, i, got, want)
				}
			}
			v.Reset()
			if v.Len() != 0 || v.Type != c.typ {
				t.Errorf("%s: %d rows after Reset", c.typ, v.Len())
			}
		}
	}
}

func TestAppendTakesIntegersThatFit(t *testing.T) {
	v := Vector{Type: Int16Type}
	for _, x := range []any{32767, int64(-32768), int32(5), int16(6)} {
		if err := v.Append(x); err != nil {
			t.Error(err)
		}
	}
	for _, x := range []any{32768, int64(-32769), int64(1) << 40, uint8(1), 1.0, "1", []int{1}} {
		if err := v.Append(x); err == nil {
			t.Errorf("%v (%T) was taken", x, x)
		}
	}
	if !reflect.DeepEqual(v.Int16s, []int16{32767, -32768, 5, 6}) {
		t.Errorf("values %v", v.Int16s)
	}
}

func TestAppendRefusesWholeArrays(t *testing.T) {
	v := Vector{Type: Int16Type.ArrayOf()}
	if err := v.Append([]int{1, 2}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []any{
		[]int{1, 70000}, []any{1, "x"}, 3, Array{Elems: []any{1, 2, 3}, Shape: []int{2, 2}}, Array{Elems: []any{nil, 70000}}, Array{Elems: []any{1}, Shape: []int{}},
	} {
		if err := v.Append(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if v.Len() != 1 || !reflect.DeepEqual(v.Int16s, []int16{1, 2}) {
		t.Errorf("%d rows, elements %v", v.Len(), v.Int16s)
	}
	if err := v.Append([]any{3, nil}); err != nil {
		t.Fatal(err)
	}
	if got := v.Value(1); !reflect.DeepEqual(got, Array{Elems: []any{int16(3), nil}, Shape: []int{2}}) {
		t.Errorf("value %#v", got)
	}
}

// TestBuild fills a vector as stores do and compares with Append.
func TestBuild(t *testing.T) {
	want, got := Vector{Type: Float32ArrayType}, Vector{Type: Float32ArrayType}
	for _, x := range []any{
		[]float32{1, 2}, nil, Array{Elems: []any{float32(3), nil}}, []float32{}, Array{Elems: []any{float32(4), float32(5)}, Shape: []int{2, 1}}, nil, []float32{6},
	} {
		if err := want.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	got.Float32s = append(got.Float32s, 1, 2)
	got.EndArray(nil)
	got.AppendNull()
	got.Float32s = append(got.Float32s, 3)
	got.AppendNullElem()
	got.EndArray(nil)
	got.EndArray(nil)
	got.Float32s = append(got.Float32s, 4, 5)
	got.EndArray([]int{2, 1})
	got.AppendNull()
	got.Float32s = append(got.Float32s, 6)
	got.EndArray([]int{1})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	scalar := Vector{Type: Int32Type}
	scalar.Int32s = append(scalar.Int32s, 1)
	scalar.EndScalar()
	scalar.AppendNull()
	scalar.Int32s = append(scalar.Int32s, 2)
	scalar.EndScalar()
	for i, x := range []any{int32(1), nil, int32(2)} {
		if scalar.Value(i) != x {
			t.Errorf("row %d: %v, want %v", i, scalar.Value(i), x)
		}
	}
}

func TestBatch(t *testing.T) {
	s := Schema{{"id", Int32Type}, {"Name", TextType}}
	b := NewBatch(s)
	if err := b.Append(1, "a"); err != nil {
		t.Fatal(err)
	}
	if err := b.Append(1); err == nil {
		t.Error("a short row was taken")
	}
	if err := b.Append("x", "a"); err == nil || !strings.Contains(err.Error(), `"id"`) {
		t.Errorf("a wrong value: %v", err)
	}
	if b.Rows != 1 || b.Col("Name").Strings[0] != "a" || b.Col("name") != nil {
		t.Errorf("batch %+v", b)
	}
	b.Reset()
	if b.Rows != 0 || b.Col("id").Len() != 0 {
		t.Errorf("batch %+v after Reset", b)
	}
}

func TestSchema(t *testing.T) {
	s := Schema{{"a", Int32Type}, {"B", TextType}}
	got, err := s.Select([]string{"B", "a"})
	if err != nil || !reflect.DeepEqual(got, Schema{{"B", TextType}, {"a", Int32Type}}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := s.Select([]string{"c"}); err == nil || !strings.Contains(err.Error(), `a, "B"`) {
		t.Errorf("got %v, want an error that lists the columns", err)
	}
	for name, bad := range map[string]Schema{"none": nil, "no name": {{"", Int32Type}}, "twice": {{"a", Int32Type}, {"a", TextType}}} {
		if bad.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}
