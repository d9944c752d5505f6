package table

import (
	"slices"
	"testing"
)

func TestToReal(t *testing.T) {
	v := &Vector{Type: NumericType.ArrayOf()}
	add := func(rows ...any) {
		t.Helper()
		for _, row := range rows {
			if err := v.Append(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	add([]string{"1.5", "-0.1"}, nil, []string{}, Array{Elems: []any{"2", nil}, Shape: []int{2, 1}})
	var dst Vector
	if row, err := v.ToReal(&dst); row != -1 || err != nil {
		t.Fatal(row, err)
	}
	var got []string
	for i := range dst.Len() {
		text, null := FormatValue(&dst, i)
		if null {
			text = "NULL"
		}
		got = append(got, text)
	}
	if want := []string{"{1.5,-0.1}", "NULL", "{}", "{{2},{NULL}}"}; !slices.Equal(got, want) || dst.Type != Float32ArrayType {
		t.Errorf("%q of type %s, want %q", got, dst.Type, want)
	}
	add([]string{"1", "1e-60"}, []string{"1e60"})
	if row, err := v.ToReal(&dst); row != 4 || err == nil || err.Error() != "1e-60 is out of range for type real" {
		t.Errorf("row %d, error %v", row, err)
	}
	words := &Vector{Type: NumericType.ArrayOf(), Strings: []string{"x"}, Offsets: []int{0, 1}}
	if row, err := words.ToReal(&dst); row != 0 || err == nil {
		t.Errorf("row %d, error %v", row, err)
	}
	long := &Vector{Type: Int64Type.ArrayOf(), Int64s: []int64{1 << 60, 123456789}, Offsets: []int{0, 2}}
	if row, err := long.ToReal(&dst); row != -1 || err != nil || !slices.Equal(dst.Float32s, []float32{1 << 60, 123456792}) {
		t.Errorf("%v, row %d, error %v", dst.Float32s, row, err)
	}
}
