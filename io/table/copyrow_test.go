package table

import (
	"fmt"
	"testing"
)

// Rows copied one by one, in another order and twice, are what they were.
func TestAppendFrom(t *testing.T) {
	matrix := Array{Elems: []any{1, nil, 3, 4}, Shape: []int{2, 2}}
	for _, c := range []struct {
		sql  string
		rows []any
	}{
		{"boolean", []any{true, nil, false}},
		{"smallint", []any{int16(1), int16(2), nil}},
		{"integer", []any{1, 2, 3}},
		{"bigint", []any{nil, nil, int64(3)}},
		{"real", []any{float32(1), nil, float32(3)}},
		{"double precision", []any{1.0, 2.0, nil}},
		{"numeric", []any{"1.0", nil, "2"}},
		{"date", []any{"2024-01-01", nil, ""}},
		{"bytea", []any{[]byte("a"), nil, []byte{}}},
		{"integer[]", []any{[]int{1, 2}, []int{}, []int{3}}},
		{"integer[]", []any{[]int{1, 2}, nil, matrix}},
		{"integer[]", []any{matrix, []int{5}, nil}},
		{"text[]", []any{[]string{"a"}, nil, Array{Elems: []any{nil, "b"}}}},
	} {
		src := &Vector{Type: ParseType(c.sql)}
		for _, x := range c.rows {
			if err := src.Append(x); err != nil {
				t.Fatal(err)
			}
		}
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 1, 0, 2, 2}} {
			dst := &Vector{Type: src.Type}
			for _, i := range order {
				dst.AppendFrom(src, i)
			}
			if dst.Len() != len(order) {
				t.Errorf("%s: %d rows of %d", c.sql, dst.Len(), len(order))
			}
			for k, i := range order {
				if got, want := fmt.Sprint(dst.Value(k)), fmt.Sprint(src.Value(i)); got != want {
					t.Errorf("%s in order %v: row %d is %s, want %s", c.sql, order, k, got, want)
				}
			}
		}
	}
}

func TestAppendFromOtherType(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an integer was copied to a text column")
		}
	}()
	(&Vector{Type: TextType}).AppendFrom(&Vector{Type: Int32Type, Int32s: []int32{1}}, 0)
}
