package table

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// one is a vector of a row.
func one(t *testing.T, typ Type, value any) *Vector {
	t.Helper()
	v := &Vector{Type: typ}
	if err := v.Append(value); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReaders(t *testing.T) {
	readers := map[string]func(v *Vector) (any, error){
		"Int":    func(v *Vector) (any, error) { return v.Int(0) },
		"Ints":   func(v *Vector) (any, error) { return v.Ints(0) },
		"Real":   func(v *Vector) (any, error) { return v.Real(0) },
		"Reals":  func(v *Vector) (any, error) { return v.Reals(0) },
		"Text":   func(v *Vector) (any, error) { return v.Text(0) },
		"Texts":  func(v *Vector) (any, error) { return v.Texts(0) },
		"Binary": func(v *Vector) (any, error) { return v.Binary(0) },
	}
	// reads says by type which reader takes it, and what it gives.
	for typ, c := range map[Type]struct {
		reader      string
		value, want any
	}{
		Int16Type:             {"Int", -3, int64(-3)},
		Int32Type:             {"Int", 3, int64(3)},
		Int64Type:             {"Int", 1 << 40, int64(1 << 40)},
		Int16Type.ArrayOf():   {"Ints", []int{1, -2}, []int{1, -2}},
		Int32ArrayType:        {"Ints", Array{Elems: []any{1, 2}, Shape: []int{2, 1}}, []int{1, 2}},
		Int64Type.ArrayOf():   {"Ints", []int{1 << 40}, []int{1 << 40}},
		Float32Type:           {"Real", float32(0.1), float64(float32(0.1))},
		Float64Type:           {"Real", 0.1, 0.1},
		Float32ArrayType:      {"Reals", []float32{0.1}, []float64{float64(float32(0.1))}},
		Float64ArrayType:      {"Reals", []float64{0.1, 2}, []float64{0.1, 2}},
		TextType:              {"Text", "a", "a"},
		JSONType:              {"Text", "{}", "{}"},
		VarcharType.ArrayOf(): {"Texts", []string{"a", ""}, []string{"a", ""}},
		TextArrayType:         {"Texts", []string{}, []string{}},
		BytesType:             {"Binary", []byte{1}, []byte{1}},
		BoolType:              {"", true, nil},
		NumericType:           {"", "1.5", nil},
		BoolType.ArrayOf():    {"", []bool{true}, nil},
		BytesType.ArrayOf():   {"", []any{[]byte{1}}, nil},
		NumericType.ArrayOf(): {"", []string{"1"}, nil},
	} {
		for name, read := range readers {
			got, err := read(one(t, typ, c.value))
			if name == c.reader {
				if d := cmp.Diff(c.want, got); d != "" || err != nil {
					t.Errorf("%s of %s: %v %s", name, typ, err, d)
				}
				var null *NullError
				if _, err := read(one(t, typ, nil)); !errors.As(err, &null) || null.Element != 0 {
					t.Errorf("%s of a NULL: %v", name, err)
				}
				if typ.Array {
					if _, err := read(one(t, typ, Array{Elems: []any{nil}})); !errors.As(err, &null) || null.Element != 1 {
						t.Errorf("%s of a NULL element: %v", name, err)
					}
				}
				continue
			}
			var wrong *TypeError
			if !errors.As(err, &wrong) || wrong.Type != typ {
				t.Errorf("%s of %s: error %v", name, typ, err)
			}
		}
	}
}

func TestShaped(t *testing.T) {
	v := &Vector{Type: Float32ArrayType}
	for _, x := range []any{[]float32{1, 2}, nil, Array{Elems: []any{float32(1), nil}}} {
		if err := v.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	if first, last, err := v.Shaped(0, []int{2}, ""); first != 0 || last != 2 || err != nil {
		t.Error(first, last, err)
	}
	if err := v.Append(Array{Elems: []any{float32(1), float32(2)}, Shape: []int{1, 2}}); err != nil {
		t.Fatal(err)
	}
	if first, last, err := v.Shaped(3, []int{1, 2}, ""); first != 4 || last != 6 || err != nil {
		t.Error(first, last, err)
	}
	shape := []int{2}
	if n := testing.AllocsPerRun(10, func() { _, _, _ = v.Shaped(0, shape, "") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for row, want := range map[int]string{
		0: "the array has shape [2], that of the first row has shape [2 1]",
		1: "the value is NULL",
		3: "the array has shape [1 2], that of the first row has shape [2 1]",
	} {
		if _, _, err := v.Shaped(row, []int{2, 1}, "that of the first row"); err == nil || err.Error() != want {
			t.Errorf("row %d: %v, want %s", row, err, want)
		}
	}
	if _, _, err := v.Shaped(2, []int{2}, ""); err == nil || err.Error() != "element 2 is NULL" {
		t.Error(err)
	}
}

func TestValueErrorOfAllRows(t *testing.T) {
	e := &ValueError{Table: Name{Table: "t"}, Column: "x", Err: &TypeError{TextType, "integer"}}
	if got := e.Error(); got != `table t, column "x": the type is text, expected integer` {
		t.Error(got)
	}
}
