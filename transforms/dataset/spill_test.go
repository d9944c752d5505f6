package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// numbered is a buffer of rows whose values are first, first+1 and so on.
func numbered(key, id, first, rows int) []any {
	var x, y []byte
	for i := range rows {
		v := float32(first + i)
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(v))
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(-v))
		y = binary.LittleEndian.AppendUint16(y, uint16(first+i))
	}
	return []any{key, x, y, []int{rows, 2}, []int{rows, 1}, id}
}

// spilling is a run that keeps less than any shard in memory.
func (s *opened) spilling(t *testing.T) *bundle.Run {
	t.Helper()
	store, err := s.run.Connect(t.Context(), s.Ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(scratch.EnvDir, t.TempDir())
	run := bundle.Begin(t.Context(), bundle.Options{Store: store, Memory: 1})
	t.Cleanup(func() { _ = run.End() })
	return run
}

// walk are the first inputs and the labels of a walk.
func walk(t *testing.T, r trainer.Reader, order []int32, rows, batch int) (x []float32, y []int16) {
	t.Helper()
	f := r.(*fileReader)
	r.Walk(order)
	for from := 0; from < rows; from += batch {
		_, numbers, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		s := &f.slots[from/batch%len(f.slots)]
		for _, k := range numbers {
			x, y = append(x, s.buffer.Inputs[0][2*k]), append(y, s.buffer.Labels[0][k])
			if s.buffer.Inputs[0][2*k+1] != -s.buffer.Inputs[0][2*k] {
				t.Fatalf("row %d: inputs of two rows", k)
			}
		}
	}
	return x, y
}

// A shard in a file gives the rows of one in memory, in any order and cut anywhere, and has its digest; the file goes with the run.
func TestSpill(t *testing.T) {
	s, err := open(t, schema, numbered(1, 4, 60, 40), numbered(0, 9, 500, 3), numbered(1, 2, 0, 50), numbered(1, 3, 50, 10), numbered(1, 7, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	run := s.spilling(t)
	shard := s.Shards[1]
	h, err := shard.load(t.Context(), run, s.model)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := h.(*inFile); !ok {
		t.Fatalf("the shard is a %T", h)
	}
	inMemory, err := shard.load(t.Context(), s.run, s.model)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := inMemory.digest(t.Context())
	if got, err := h.digest(t.Context()); err != nil || got != want {
		t.Errorf("digest %s, %v, in memory %s", got, err, want)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ from, to, batch int }{{0, 100, 7}, {0, 100, 100}, {13, 87, 10}, {50, 60, 1}, {99, 100, 5}} {
		data := h.data(c.from, c.to)
		rows := c.to - c.from
		r := data.Reader(t.Context(), c.batch)
		for range 3 {
			order := make([]int32, rows)
			for i := range order {
				order[i] = int32(i)
			}
			rng.Shuffle(rows, func(i, j int) { order[i], order[j] = order[j], order[i] })
			x, y := walk(t, r, order, rows, c.batch)
			for i, row := range order {
				if int(x[i]) != c.from+int(row) || int(y[i]) != c.from+int(row) {
					t.Fatalf("%+v: row %d is %v, %d", c, row, x[i], y[i])
				}
			}
			x, _ = walk(t, r, nil, rows, c.batch)
			if !slices.IsSorted(x) || int(x[0]) != c.from || len(x) != rows {
				t.Fatalf("%+v: rows as they lie: %v", c, x)
			}
			r.Walk(order) // left in its middle
		}
		r.Close()
	}
	if err := run.End(); err != nil && !errors.Is(err, bundle.ErrEnded) {
		t.Fatal(err)
	}
	if _, err := h.digest(t.Context()); err == nil {
		t.Error("the file is still open after the end of the run")
	}
}

// What cannot be is found when the shard is read, into memory or into a file.
func TestSpillRefuses(t *testing.T) {
	bad := numbered(0, 1, 5, 3)
	bad[2] = make([]byte, 8)
	s, err := open(t, schema, numbered(0, 0, 0, 1), bad)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Shards[0].load(t.Context(), s.spilling(t), s.model)
	if want := `table packed, column "y", row 2: it has 8 bytes, but its shape [3 1] needs 6`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if s, err = open(t, schema, numbered(0, 0, 0, 4)); err != nil {
		t.Fatal(err)
	}
	shard := s.Shards[0]
	shard.Digest = "other"
	if _, err := shard.load(t.Context(), s.spilling(t), s.model); !errors.Is(err, table.ErrChanged) {
		t.Errorf("another digest: %v", err)
	}
	shard.Digest, shard.Rows = "", 5
	if _, err := shard.load(t.Context(), s.spilling(t), s.model); !errors.Is(err, table.ErrChanged) {
		t.Errorf("other rows: %v", err)
	}
	s.Shards[0].Table.Name = table.Name{Table: "gone"}
	t.Setenv(scratch.EnvDir, "/nowhere")
	store, _ := s.run.Connect(t.Context(), s.Ref)
	run := bundle.Begin(t.Context(), bundle.Options{Store: store, Memory: 1})
	defer run.End()
	if _, err := shard.load(t.Context(), run, s.model); err == nil {
		t.Error("no error without a scratch folder")
	}
}

// Reading ahead ends with its reader and its context.
func TestReaderStops(t *testing.T) {
	s, err := open(t, schema, numbered(0, 0, 0, 1000))
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Shards[0].Data(t.Context(), s.spilling(t), s.model)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := data.Reader(ctx, 10)
	r.Walk(nil)
	cancel()
	for range 100 {
		if _, _, err = r.Next(); err != nil {
			break
		}
	}
	r.Close()
	r.Close()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Memory is given to the shards that ask first, and a shard that fails gives its own back.
func TestHold(t *testing.T) {
	s, err := open(t, schema, numbered(0, 0, 0, 10), numbered(1, 1, 0, 10), numbered(2, 2, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	store, err := s.run.Connect(t.Context(), s.Ref)
	if err != nil {
		t.Fatal(err)
	}
	run := bundle.Begin(t.Context(), bundle.Options{Store: store, Memory: int64(12 * layout.RowBytes())})
	defer run.End()
	wrong := s.Shards[0]
	wrong.Rows = 12
	if _, err := wrong.load(t.Context(), run, s.model); err == nil {
		t.Error("no error")
	}
	var files []bool
	for _, shard := range s.Shards {
		h, err := shard.load(t.Context(), run, s.model)
		if err != nil {
			t.Fatal(err)
		}
		_, file := h.(*inFile)
		files = append(files, file)
	}
	if want := []bool{false, true, false}; !slices.Equal(files, want) {
		t.Errorf("in files: %v, want %v", files, want)
	}
}
