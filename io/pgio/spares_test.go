package pgio

import (
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// A batch comes back empty, without what it referred to, to whoever reads the same columns.
func TestSpares(t *testing.T) {
	var s spares
	schema := table.Schema{{Name: "n", Type: table.Int64Type}, {Name: "t", Type: table.TextType}, {Name: "b", Type: table.BytesType}}
	first := s.take(schema)
	if err := first.Append(int64(1), "one", []byte("1")); err != nil {
		t.Fatal(err)
	}
	s.give(first)
	if b := s.take(schema[:1]); b == first {
		t.Error("a batch of other columns was given")
	}
	again := s.take(schema)
	if again != first {
		t.Fatal("the batch was not given again")
	}
	if again.Rows != 0 || again.Cols[0].Len() != 0 {
		t.Errorf("it has %d rows", again.Rows)
	}
	if text, bytes := again.Cols[1].Strings[:1][0], again.Cols[2].Bytes[:1][0]; text != "" || bytes != nil {
		t.Errorf("it keeps %q and %q", text, bytes)
	}
	if b := s.take(schema); b == first {
		t.Error("a batch was given twice")
	}
	large := table.NewBatch(schema[:1])
	large.Cols[0].Int64s = make([]int64, spareBytes/8+1)
	s.give(large)
	if b := s.take(schema[:1]); b == large {
		t.Error("a large batch was kept")
	}
	for range maxSpares + 2 {
		s.give(table.NewBatch(schema))
	}
	if len(s.all) != maxSpares {
		t.Errorf("%d batches were kept, expected %d", len(s.all), maxSpares)
	}
}
