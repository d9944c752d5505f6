package features

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// Stores round what is an input alone.
func TestReads(t *testing.T) {
	var r Reads
	r.Values("id")
	r.Array("x")
	r.Array("y")
	r.Values("x", "z")
	r.Array("y")
	if d := cmp.Diff(table.ReadOptions{Columns: []string{"id", "x", "y", "z"}, Float32: []string{"y", "y"}}, r.Options()); d != "" {
		t.Error(d)
	}
	words := &Variable{Columns: []Column{{Name: "w", Type: "text", Steps: []Step{{Function: look, Lookup: words}}}}} // 3 of a text
	for _, c := range []struct{ others, want int }{{1, 1 << 20}, {61, 1 << 16}, {62, 1 << 15}, {batchNumbers - 3, 1}, {1 << 40, 1}} {
		r := Reads{}
		r.Variable(words)
		r.Numbers(c.others)
		if opt := r.Options(); opt.BatchRows != c.want || !slices.Equal(opt.Columns, []string{"w"}) {
			t.Errorf("%d numbers of a row: %+v, want %d rows", 3+c.others, opt, c.want)
		}
	}
	if none := new(Reads).Options(); none.Columns == nil {
		t.Error("no columns read all of them")
	}
}

func TestArrayReader(t *testing.T) {
	b := rowsOf(t, "a", "double precision[]", []any{[]float64{0.1}, []float64{3}}, "b", "real[]", []any{[]float32{1}, nil})
	var r ArrayReader
	for range 2 { // memory is used again
		for column, want := range map[string][]float32{"a": {0.1, 3}, "b": {1}} {
			if v, err := r.Of(b, column, table.Name{}, 0); err != nil || !slices.Equal(v.Float32s, want) || v.Type != table.Float32ArrayType || v.Len() != 2 {
				t.Errorf("%s: %v, error %v", column, v, err)
			}
		}
	}
	b.Cols[0].Float64s[1] = 1e300
	_, err := r.Of(b, "a", table.Name{Table: "t"}, 10)
	var at *table.ValueError
	if !errors.As(err, &at) || err.Error() != `table t, column "a", row 12: 1e+300 is out of range for type real` {
		t.Error(err)
	}
}
