package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/pack"
)

var layout = buffer.Layout{
	Inputs: []buffer.Variable{{Name: "x", Shape: []int{2}}},
	Labels: []buffer.Variable{{Name: "y", Shape: []int{1}}},
}

var schema = table.Schema{
	{Name: pack.KeyColumn, Type: table.Int32Type},
	{Name: "x", Type: table.BytesType},
	{Name: "y", Type: table.BytesType},
	{Name: "x_shape", Type: table.Int32ArrayType},
	{Name: "y_shape", Type: table.Int32ArrayType},
	{Name: pack.BufferColumn, Type: table.Int32Type},
}

// row is a buffer of rows, whose values all are the buffer's number.
func row(key, id, rows int) []any {
	var x, y []byte
	for range rows {
		for range 2 {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(id)))
		}
		y = binary.LittleEndian.AppendUint16(y, uint16(id))
	}
	return []any{key, x, y, []int{rows, 2}, []int{rows, 1}, id}
}

// open writes rows and opens them as a set.
func open(t *testing.T, schema table.Schema, rows ...[]any) (*Set, error) {
	t.Helper()
	ctx := context.Background()
	store, err := fileio.Open(ctx, "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	t.Cleanup(table.Share(store))
	name := table.Name{Table: "packed"}
	out, err := store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: name, Schema: schema, Ordered: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		w, err := store.Append(ctx, table.Part{Output: out.ID(), Key: fmt.Sprintf("%03d", i)})
		if err != nil {
			t.Fatal(err)
		}
		b := table.NewBatch(schema)
		if err := errors.Join(b.Append(r...), w.Write(ctx, b), w.Close(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = snap.Close() })
	return Open(ctx, store, snap, layout, 3)
}

// TestNumbers: numeric labels come to the trainer as they are, cut or whole.
func TestNumbers(t *testing.T) {
	b := buffer.New(nil, buffer.Layout{Inputs: layout.Inputs, Labels: []buffer.Variable{{Name: "y", Shape: []int{1}, Numeric: true}}}, 3)
	copy(b.Numbers[0], []float32{0.5, 1.5, 2.5})
	s := &Set{layout: b.Layout, shards: []shard{{rows: 3, buffers: []*buffer.Buffer{b}}}}
	if got := s.Data(0).Buffers()[0]; got.Labels[0] != nil || !slices.Equal(got.Numbers[0], b.Numbers[0]) {
		t.Errorf("data %v", got)
	}
	if got := s.PieceData(Piece{From: 1, To: 3}).Buffers()[0]; got.Labels[0] != nil || !slices.Equal(got.Numbers[0], []float32{1.5, 2.5}) {
		t.Errorf("piece %v", got)
	}
}

// contents are the rows and values of each shard: buffers as number x rows.
func contents(t *testing.T, s *Set) []string {
	t.Helper()
	for _, p := range s.parts {
		n, err := s.load(context.Background(), p, func(int64) {})
		if err != nil {
			t.Fatal(err)
		}
		if n != p.Rows {
			t.Errorf("%d of %d buffers", n, p.Rows)
		}
	}
	var out []string
	for i := range s.Shards() {
		var text []string
		rows := 0
		for _, b := range s.Data(i).Buffers() {
			if len(b.Inputs[0]) != 2*b.N || len(b.Labels[0]) != b.N {
				t.Errorf("%d and %d values for %d rows", len(b.Inputs[0]), len(b.Labels[0]), b.N)
			}
			rows += b.N
			if b.N > 0 {
				text = append(text, fmt.Sprintf("%v/%dx%d", b.Inputs[0][2*b.N-1], b.Labels[0][0], b.N))
			} else {
				text = append(text, "x0")
			}
		}
		if rows != s.ShardRows(i) || rows != s.Data(i).Rows() {
			t.Errorf("shard %d: %d rows, %d, %d", i, rows, s.ShardRows(i), s.Data(i).Rows())
		}
		out = append(out, strings.Join(text, " "))
	}
	return out
}

func TestShards(t *testing.T) {
	rows := [][]any{row(7, 5, 2), row(-1, 2, 3), row(7, 1, 4), row(-1, 0, 3), row(9, 3, 0)}
	s, err := open(t, schema, rows...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"0/0x3 2/2x3", "1/1x4 5/5x2", "x0"}, contents(t, s)); d != "" {
		t.Error(d)
	}
	if s.Rows() != 12 || s.Buffers() != 5 || s.Shards() != 3 {
		t.Errorf("%d rows, %d buffers, %d shards", s.Rows(), s.Buffers(), s.Shards())
	}

	for i := range rows {
		rows[i] = rows[i][1:]
	}
	if s, err = open(t, schema[1:], rows...); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"0/0x3 1/1x4 2/2x3 x0 5/5x2"}, contents(t, s)); d != "" {
		t.Error(d)
	}
}

func TestOpenRefuses(t *testing.T) {
	with := func(column int, value any) []any {
		r := row(0, 1, 3)
		r[column] = value
		return r
	}
	var shape *ShapeError
	for _, c := range []struct {
		row  []any
		want string
	}{
		{with(0, nil), `table packed, column "__dist_key__", row 2: the value is NULL`},
		{with(5, nil), `table packed, column "buffer_id", row 2: the value is NULL`},
		{with(3, nil), `table packed, column "x_shape", row 2: the value is NULL`},
		{with(3, []any{3, nil}), `table packed, column "x_shape", row 2: an element is NULL`},
		{with(3, []int{}), `table packed, column "x_shape", row 2: shape [] does not begin with a number of rows`},
		{with(3, []int{-1, 2}), `table packed, column "x_shape", row 2: shape [-1 2] does not begin with a number of rows`},
		{with(3, []int{3, 1, 2}), `table packed, column "x", row 2: the rows have shape [1 2], the model's input has shape [2]`},
		{with(4, []int{3, 4}), `table packed, column "y", row 2: the labels have shape [4], expected [1]`},
		{with(4, []int{2, 1}), `table packed, column "y_shape", row 2: 2 rows, but column "x" of the same buffer has 3`},
	} {
		_, err := open(t, schema, row(0, 0, 1), c.row)
		if err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
		if strings.Contains(c.want, " have shape ") != errors.As(err, &shape) {
			t.Errorf("%T", err)
		}
	}
	if _, err := open(t, schema, row(0, 0, 0)); err == nil || err.Error() != "table packed: its buffers have no rows" {
		t.Errorf("error %v", err)
	}
	for i, c := range schema[1:] {
		lacking := slices.Concat(schema[:i+1], schema[i+2:])
		r := row(0, 0, 1)
		_, err := open(t, lacking, slices.Concat(r[:i+1], r[i+2:]))
		var missing *table.ColumnError
		if !errors.As(err, &missing) || missing.Column != c.Name {
			t.Errorf("without %s: error %v", c.Name, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		column int
		value  any
		want   string
	}{
		{1, nil, `table packed, column "x", row 2: the value is NULL`},
		{1, make([]byte, 23), `table packed, column "x", row 2: it has 23 bytes, but its shape [3 2] needs 24`},
		{2, make([]byte, 8), `table packed, column "y", row 2: it has 8 bytes, but its shape [3 1] needs 6`},
	} {
		r := row(0, 1, 3)
		r[c.column] = c.value
		s, err := open(t, schema, row(0, 0, 1), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.parts {
			if _, err = s.load(context.Background(), p, func(int64) {}); err != nil {
				break
			}
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestPieces(t *testing.T) {
	s, err := open(t, schema, row(0, 1, 3), row(0, 2, 0), row(0, 3, 4), row(0, 4, 3), row(1, 5, 2), row(2, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	contents(t, s) // loads
	var got []string
	for shard := range s.Shards() {
		for _, p := range s.cut(shard, 4) {
			line := fmt.Sprintf("%d[%d:%d]", p.Shard, p.From, p.To)
			for _, b := range s.PieceData(p).Buffers() {
				if len(b.Inputs[0]) != 2*b.N || len(b.Labels[0]) != b.N {
					t.Errorf("%v: %d and %d values for %d rows", p, len(b.Inputs[0]), len(b.Labels[0]), b.N)
				}
				line += fmt.Sprintf(" %v/%dx%d", b.Inputs[0][0], b.Labels[0][b.N-1], b.N)
			}
			got = append(got, line)
		}
	}
	want := []string{"0[0:4] 1/1x3 3/3x1", "0[4:8] 3/3x3 4/4x1", "0[8:10] 4/4x2", "1[0:2] 5/5x2", "2[0:0]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPieceCoder(t *testing.T) {
	p := Piece{Shard: 70000, From: 1 << 40, To: 1<<40 + 1}
	if got, err := decodePiece(encodePiece(p)); err != nil || got != p {
		t.Error(got, err)
	}
	if _, err := decodePiece(make([]byte, 19)); err == nil {
		t.Error("no error")
	}
}

func TestShardCoder(t *testing.T) {
	got, err := decodeShard(encodeShard(Shard{70000}))
	if err != nil || got.Index != 70000 {
		t.Error(got, err)
	}
	if _, err := decodeShard([]byte{1}); err == nil {
		t.Error("no error")
	}
}
