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
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/recipe"
)

var layout = buffer.Layout{
	Inputs: []buffer.Variable{{Name: "x", Shape: []int{2}}},
	Labels: []buffer.Variable{{Name: "y", Shape: []int{1}}},
}

var schema = table.Schema{
	{Name: packed.KeyColumn, Type: table.Int32Type},
	{Name: "x", Type: table.BytesType},
	{Name: "y", Type: table.BytesType},
	{Name: "x_shape", Type: table.Int32ArrayType},
	{Name: "y_shape", Type: table.Int32ArrayType},
	{Name: packed.BufferColumn, Type: table.Int32Type},
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

// An opened set is one with the run that its shards are read for.
type opened struct {
	*Set
	run   *bundle.Run
	model *recipe.Loaded
	snap  table.Snapshot
}

// open writes rows and opens them as a set.
func open(t *testing.T, schema table.Schema, rows ...[]any) (*opened, error) {
	t.Helper()
	ctx := context.Background()
	store, err := fileio.Open(ctx, "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
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
	set, err := Open(ctx, "training", store, snap, layout, 3)
	if err != nil {
		return nil, err
	}
	model, err := testModel.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run := bundle.Begin(ctx, bundle.Options{Store: store})
	t.Cleanup(func() { _ = run.End() })
	return &opened{set, run, model, snap}, nil
}

// testModel takes the rows.
var testModel = recipe.Model{
	Arch: []byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [null, 2]}}]}}`),
	Compile: "optimizer='sgd', loss='mse'",
}

// TestNumbers: numeric labels come to the trainer as they are, cut or whole.
func TestNumbers(t *testing.T) {
	b := buffer.New(nil, buffer.Layout{Inputs: layout.Inputs, Labels: []buffer.Variable{{Name: "y", Shape: []int{1}, Numeric: true}}}, 3)
	copy(b.Numbers[0], []float32{0.5, 1.5, 2.5})
	m := &inMemory{b.Layout, []*buffer.Buffer{b}}
	if got := m.data(0, 3).(trainer.Buffers)[0]; got.Labels[0] != nil || !slices.Equal(got.Numbers[0], b.Numbers[0]) {
		t.Errorf("data %v", got)
	}
	if got := m.data(1, 3).(trainer.Buffers)[0]; got.Labels[0] != nil || !slices.Equal(got.Numbers[0], []float32{1.5, 2.5}) {
		t.Errorf("piece %v", got)
	}
}

// contents are the rows and values of each shard: buffers as number x rows.
func contents(t *testing.T, s *opened) []string {
	t.Helper()
	var out []string
	for i, shard := range s.Shards {
		data, err := shard.Data(t.Context(), s.run, s.model)
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		rows := 0
		for _, b := range data.(trainer.Buffers) {
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
		if rows != shard.Rows || rows != data.Rows() || shard.Index != i {
			t.Errorf("shard %d: %d rows, %d, %d", i, rows, shard.Rows, data.Rows())
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
	if d := cmp.Diff([]string{"0/0x3 2/2x3", "1/1x4 5/5x2", ""}, contents(t, s)); d != "" {
		t.Error(d)
	}
	if s.Rows() != 12 || s.Buffers() != 5 || len(s.Shards) != 3 {
		t.Errorf("%d rows, %d buffers, %d shards", s.Rows(), s.Buffers(), len(s.Shards))
	}

	for i := range rows {
		rows[i] = rows[i][1:]
	}
	if s, err = open(t, schema[1:], rows...); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"0/0x3 1/1x4 2/2x3 5/5x2"}, contents(t, s)); d != "" {
		t.Error(d)
	}
}

func TestOpenRefuses(t *testing.T) {
	with := func(column int, value any) []any {
		r := row(0, 1, 3)
		r[column] = value
		return r
	}
	var shape *packed.ShapeError
	for _, c := range []struct {
		row  []any
		want string
	}{
		{with(0, nil), `table packed, column "__dist_key__", row 2: the value is NULL`},
		{with(5, nil), `table packed, column "buffer_id", row 2: the value is NULL`},
		{with(3, nil), `table packed, column "x_shape", row 2: the value is NULL`},
		{with(3, []any{3, nil}), `table packed, column "x_shape", row 2: element 2 is NULL`},
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
		_, err = s.Shards[0].Data(t.Context(), s.run, s.model)
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
	var got []string
	for _, shard := range s.Shards {
		for _, p := range shard.cut(4) {
			line := fmt.Sprintf("%d[%d:%d]", p.Shard.Index, p.From, p.To)
			data, err := p.Data(t.Context(), s.run, s.model)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range data.(trainer.Buffers) {
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

func TestCoders(t *testing.T) {
	shard := Shard{
		Table: Table{Role: "training", Ref: "file:x", Name: table.Name{Schema: "s", Table: "T"}, Layout: layout, Keyed: true},
		Index: 70000, Key: -1 << 40, Rows: 5, Buffers: 2, Parts: []table.Partition{{Token: "{}", FirstRow: 3, Rows: 2}}, Digest: "ab",
	}
	b, err := shard.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeShard(b); err != nil || !cmp.Equal(got, shard) {
		t.Error(got, err)
	}
	p := Piece{Shard: shard, From: 1 << 40, To: 1<<40 + 1}
	if b, err = encodePiece(p); err != nil {
		t.Fatal(err)
	}
	if got, err := decodePiece(b); err != nil || !cmp.Equal(got, p) {
		t.Error(got, err)
	}
	if _, err := decodePiece(b[1:]); err == nil {
		t.Error("no error")
	}
}

// The partitions of a shard hold no buffers of others where the buffers of shards follow each other; else those of the table are
// shared, and read once.
func TestParts(t *testing.T) {
	var contiguous, scattered [][]any
	for i := range 12 {
		contiguous = append(contiguous, row(i/4, i, 1))
		scattered = append(scattered, row(i%3, i, 1))
	}
	for name, c := range map[string]struct {
		rows [][]any
		want string
	}{
		"contiguous": {contiguous, "0+4 4+4 8+4"},
		"scattered":  {scattered, "0+4,4+4,8+4 0+4,4+4,8+4 0+4,4+4,8+4"},
		"one shard":  {contiguous[:4], "0+2,2+2"},
	} {
		s, err := open(t, schema, c.rows...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, shard := range s.Shards {
			var parts []string
			for _, p := range shard.Parts {
				parts = append(parts, fmt.Sprintf("%d+%d", p.FirstRow, p.Rows))
			}
			got = append(got, strings.Join(parts, ","))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: partitions %q, want %q", name, got, c.want)
		}
		contents(t, s)
		_ = s.snap.Close() // all is in memory
		contents(t, s)
	}
}

// A shard that is read again must have the values that it had.
func TestDigest(t *testing.T) {
	s, err := open(t, schema, row(0, 0, 2), row(1, 1, 3))
	if err != nil {
		t.Fatal(err)
	}
	digest := func(shard Shard, run *bundle.Run) (string, error) {
		h, err := shard.load(t.Context(), run, s.model)
		if err != nil {
			return "", err
		}
		return h.digest(t.Context())
	}
	first, err := digest(s.Shards[0], s.run)
	if err != nil {
		t.Fatal(err)
	}
	second, err := digest(s.Shards[1], s.run)
	if err != nil || first == second || len(first) != 64 {
		t.Fatalf("digests %s and %s, %v", first, second, err)
	}
	store, err := s.run.Connect(t.Context(), s.Ref)
	if err != nil {
		t.Fatal(err)
	}
	for digested, want := range map[string]bool{first: true, second: false} {
		again := bundle.Begin(t.Context(), bundle.Options{Store: store})
		shard := s.Shards[0]
		shard.Digest = digested
		_, err := digest(shard, again)
		if (err == nil) != want || err != nil && !errors.Is(err, table.ErrChanged) {
			t.Errorf("read again with digest %s: %v", digested, err)
		}
		shard.Digest, shard.Rows = "", 1
		if _, err := digest(shard, bundle.Begin(t.Context(), bundle.Options{Store: store})); !errors.Is(err, table.ErrChanged) {
			t.Errorf("read again with other rows: %v", err)
		}
		_ = again.End()
	}
}
