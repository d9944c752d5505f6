package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

func TestLevels(t *testing.T) {
	square := func(n int, shape ...int) table.Array {
		a := table.Array{Shape: shape}
		for i := range n {
			a.Elems = append(a.Elems, int32(i))
		}
		return a
	}
	holes := table.Array{Elems: []any{nil, int32(1), nil}}
	for _, c := range []struct {
		typ      table.Type
		depth    int
		rows     []any
		def, rep []uint32
	}{
		{table.Int32Type, 0, []any{int32(1), nil}, []uint32{1, 0}, nil},
		{table.Int32ArrayType, 1, []any{square(2), nil, table.Array{}, holes}, []uint32{3, 3, 0, 1, 2, 3, 2}, []uint32{0, 1, 0, 0, 0, 1, 1}},
		{table.Int32ArrayType, 2, []any{square(6, 2, 3), table.Array{}, square(1, 1, 1)}, []uint32{5, 5, 5, 5, 5, 5, 1, 5}, []uint32{0, 2, 2, 1, 2, 2, 0, 0}},
		{table.Int32ArrayType, 3, []any{square(8, 2, 2, 2), nil}, []uint32{7, 7, 7, 7, 7, 7, 7, 7, 0}, []uint32{0, 3, 2, 3, 1, 3, 2, 3, 0}},
	} {
		b := table.NewBatch(column1(c.typ))
		for _, r := range c.rows {
			if err := b.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		var l levels
		if err := l.of(&b.Cols[0], c.depth, 0, len(c.rows)); err != nil {
			t.Fatal(err)
		}
		def := unpack(t, l.def.end(), l.def.width, l.entries)
		var rep []uint32
		if c.depth > 0 {
			rep = unpack(t, l.rep.end(), l.rep.width, l.entries)
		}
		if got, want := fmt.Sprint(def, rep), fmt.Sprint(c.def, c.rep); got != want {
			t.Errorf("%v: %s, want %s", c.rows, got, want)
		}
		if c.depth == 0 {
			continue
		}
		var bad *arrowvec.RowError
		if err := l.of(&b.Cols[0], c.depth+1, 0, len(c.rows)); !errors.As(err, &bad) || bad.Row != 0 {
			t.Errorf("%v: error %v", c.rows, err)
		}
	}
}

// TestManyArrays writes a million arrays in one row group: with work that grows with the square of their number the test would run into
// its time limit.
func TestManyArrays(t *testing.T) {
	schema := column1(table.Float32ArrayType)
	b := table.NewBatch(schema)
	v := &b.Cols[0]
	const rows, each = 1_000_000, 4
	v.Offsets = append(v.Offsets, 0)
	for i := range rows {
		for k := range each {
			v.Float32s = append(v.Float32s, float32(i*each+k))
		}
		v.Offsets = append(v.Offsets, len(v.Float32s))
	}
	b.Rows = rows
	var out bytes.Buffer
	w, err := NewWriter(&out, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(ctx, b), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := open(ctx, "f.parquet", bytes.NewReader(out.Bytes()), memory.DefaultAllocator, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.release()
	at := 0
	for at < rows {
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Rows {
			if x := b.Cols[0].Float32s[each*i : each*i+each]; x[0] != float32(at*each) || x[3] != float32(at*each+3) || b.Cols[0].Offsets[i] != each*i {
				t.Fatalf("row %d is %v", at, x)
			}
			at++
		}
	}
}
