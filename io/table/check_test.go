package table

import (
	"reflect"
	"strings"
	"testing"
)

// TestAppendKeepsRowsTogether: a row that cannot be appended leaves nothing in any column.
func TestAppendKeepsRowsTogether(t *testing.T) {
	s := Schema{{Name: "id", Type: Int32Type}, {Name: "a", Type: Float32ArrayType}, {Name: "n", Type: TextType}, {Name: "x", Type: Float64Type}}
	good := [][]any{{1, []float32{1, 2}, "one", 1.5}, {2, nil, nil, nil}, {3, Array{Elems: []any{float32(1), nil, float32(3), float32(4)}, Shape: []int{2, 2}}, "three", 2.5}}
	bad := [][]any{
		{1, []float32{1}, "x", "no number"}, {nil, nil, nil, "no number"}, {1, Array{Elems: []any{nil, float32(1)}, Shape: []int{2, 1}}, "x", "no number"}, {1, []float32{1}, 7, 1.5}, {"x", nil, nil, nil},
	}
	want := NewBatch(s)
	for _, row := range good {
		if err := want.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBatch(s)
	for i, row := range good {
		for _, wrong := range bad {
			if err := b.Append(wrong...); err == nil {
				t.Fatalf("%v was taken", wrong)
			}
			if err := b.Check(); err != nil {
				t.Fatalf("after %v: %v", wrong, err)
			}
		}
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
		if b.Rows != i+1 {
			t.Fatalf("%d rows", b.Rows)
		}
	}
	for c := range s {
		for i := range good {
			if got, want := b.Cols[c].Value(i), want.Cols[c].Value(i); !reflect.DeepEqual(got, want) {
				t.Errorf("column %s, row %d: %v, want %v", s[c].Name, i, got, want)
			}
		}
	}
}

// TestCheck: what was filled by hand and does not fit together is found.
func TestCheck(t *testing.T) {
	s := Schema{{Name: "id", Type: Int32Type}, {Name: "a", Type: Float32ArrayType}}
	for problem, change := range map[string]func(b *Batch){
		"a batch of 1 vectors for 2 columns":                     func(b *Batch) { b.Cols = b.Cols[:1] },
		`column "id": 2 values in a batch of 3 rows`:             func(b *Batch) { b.Rows = 3 },
		`column "id": 1 null marks in a batch of 2 rows`:         func(b *Batch) { b.Cols[0].Null = []bool{true} },
		`column "a": array offsets run from 0 to 2 over 3 elem`:  func(b *Batch) { b.Cols[1].Float32s = append(b.Cols[1].Float32s, 1) },
		`column "a": 1 null marks for 2 elements`:                func(b *Batch) { b.Cols[1].ElemNull = []bool{false} },
		`column "a": 1 shapes for 2 arrays`:                      func(b *Batch) { b.Cols[1].Dims = [][]int{{2}} },
		`column "a": 2 elements in an array of shape [3] at row`: func(b *Batch) { b.Cols[1].Dims = [][]int{{3}, {0}} },
		`column "a": array offsets fall at row 2`:                func(b *Batch) { b.Cols[1].Offsets = []int{0, 3, 2} },
		`column "id": a vector of type integer where bigint was`: func(b *Batch) { b.Schema = Schema{{Name: "id", Type: Int64Type}, s[1]} },
	} {
		b := NewBatch(s)
		for range 2 {
			row := []any{1, []float32{1, 2}}
			if b.Rows == 1 {
				row[1] = []float32{}
			}
			if err := b.Append(row...); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		if change(b); b.Check() == nil || !strings.HasPrefix(b.Check().Error(), problem) {
			t.Errorf("%v, want %s", b.Check(), problem)
		}
	}
}
