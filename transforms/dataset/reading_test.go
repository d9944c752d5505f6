package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// A countingStore counts how often each partition is read, by its first row.
type countingStore struct {
	table.Store
	mu    sync.Mutex
	reads map[int64]int
}

func (s *countingStore) Read(ctx context.Context, p table.Partition, opt table.ReadOptions) (table.Reader, error) {
	s.mu.Lock()
	s.reads[p.FirstRow]++
	s.mu.Unlock()
	return s.Store.Read(ctx, p, opt)
}

// Shards that lie scattered are read together: each partition once, those that fit into memory and the others into files, with the rows, the
// digests and the progress of shards that are read one by one.
func TestLoadTogether(t *testing.T) {
	var rows [][]any
	for i := range 12 {
		rows = append(rows, numbered(i%3, 20-i, 10*i, 1+i%5))
	}
	s, err := open(t, schema, rows...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := s.run.Connect(t.Context(), s.Ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(scratch.EnvDir, t.TempDir())
	counting := &countingStore{Store: store, reads: map[int64]int{}}
	buffers := int64(0)
	run := bundle.Begin(t.Context(), bundle.Options{
		Store: counting, Memory: int64((s.Shards[0].Rows + 1) * layout.RowBytes()), Progress: func(_, _ string, done int64) { buffers = done },
	})
	defer run.End()
	f := &loadFn{Run: run.Ref(), Model: testModel, Digest: true}
	for _, shard := range s.Shards {
		f.ProcessElement(t.Context(), shard, nil)
	}
	var loaded []Shard
	if err := f.FinishBundle(t.Context(), func(s Shard) { loaded = append(loaded, s) }); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, shard := range s.Shards {
		h, err := shard.load(t.Context(), run, s.model)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, fmt.Sprintf("%T", h))
		alone, err := shard.load(t.Context(), s.run, s.model)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := alone.digest(t.Context()); loaded[i].Digest != want || loaded[i].Index != i {
			t.Errorf("shard %d, digest %s, is %d, %s", i, want, loaded[i].Index, loaded[i].Digest)
		}
	}
	if d := cmp.Diff([]string{"*dataset.inMemory", "*dataset.inFile", "*dataset.inFile"}, kinds); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[int64]int{0: 1, 4: 1, 8: 1}, counting.reads); d != "" {
		t.Error("partitions were read", d)
	}
	if buffers != s.Buffers() {
		t.Errorf("%d buffers in the progress, expected %d", buffers, s.Buffers())
	}
}

// A reading that fails gives back the memory that it took.
func TestLoadGivesBack(t *testing.T) {
	bad := row(1, 3, 3)
	bad[2] = make([]byte, 8)
	s, err := open(t, schema, row(0, 0, 1), row(1, 1, 3), row(0, 2, 1), bad)
	if err != nil {
		t.Fatal(err)
	}
	store, err := s.run.Connect(t.Context(), s.Ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(scratch.EnvDir, t.TempDir())
	memory := int64(s.Shards[0].Rows * layout.RowBytes())
	run := bundle.Begin(t.Context(), bundle.Options{Store: store, Memory: memory})
	defer run.End()
	f := &loadFn{Run: run.Ref(), Model: testModel}
	for _, shard := range s.Shards {
		f.ProcessElement(t.Context(), shard, nil)
	}
	if err := f.FinishBundle(t.Context(), func(Shard) {}); err == nil {
		t.Fatal("a wrong buffer is read")
	}
	if !run.Reserve(memory) {
		t.Error("memory is missing")
	}
}

// A shard that is read alone passes over the buffers of others, whatever is in them.
func TestLoadAlone(t *testing.T) {
	bad := row(1, 1, 3)
	bad[2] = make([]byte, 8)
	s, err := open(t, schema, row(0, 0, 1), bad, row(0, 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Shards[0].load(t.Context(), s.run, s.model); err != nil {
		t.Error(err)
	}
	if _, err := s.Shards[1].load(t.Context(), s.run, s.model); err == nil {
		t.Error("no error")
	}
}

// Groups are read at once: shards that share a partition, and each other one.
func TestTogether(t *testing.T) {
	shard := func(index int, firsts ...int64) Shard {
		s := Shard{Index: index}
		for _, first := range firsts {
			s.Parts = append(s.Parts, table.Partition{FirstRow: first, Rows: 1})
		}
		return s
	}
	var got [][]int
	for _, g := range together([]Shard{shard(0, 1, 2), shard(1, 3), shard(2, 2, 4), shard(3, 5, 6)}) {
		var indexes []int
		for _, s := range g {
			indexes = append(indexes, s.Index)
		}
		got = append(got, indexes)
	}
	if d := cmp.Diff([][]int{{1}, {3}, {0, 2}}, got); d != "" {
		t.Error(d)
	}
}

// Buffers with the same number follow each other in the order of the table, in memory and in a file, whichever reader was first.
func TestTies(t *testing.T) {
	t.Setenv(scratch.EnvDir, t.TempDir())
	var digests []string
	for _, order := range [][]int64{{0, 1, 2, 3}, {3, 1, 2, 0}} {
		shard := Shard{Table: Table{Layout: layout}, Buffers: 4, Rows: 4}
		file, err := newFileSink(shard)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []sink{file, &memorySink{shard: shard}} {
			for _, row := range order {
				b := buffer.New(nil, layout, 1)
				b.Inputs[0][0] = float32(row)
				d := packed.Description{ID: 7 - row/3, Rows: 1}
				if err := to.add(readBuffer{Description: d, row: row, buffer: b}); err != nil {
					t.Fatal(err)
				}
			}
			h, err := to.finish()
			if err != nil {
				t.Fatal(err)
			}
			digest, err := h.digest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			digests = append(digests, digest)
		}
		file.discard()
	}
	if digests = slices.Compact(digests); len(digests) != 1 {
		t.Errorf("digests %v", digests)
	}
}

// To hash a shard takes a while, and ends with its context.
func TestDigestIsCancelled(t *testing.T) {
	s, err := open(t, schema, numbered(0, 0, 0, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []*bundle.Run{s.run, s.spilling(t)} {
		h, err := s.Shards[0].load(t.Context(), run, s.model)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.digest(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: error %v", h, err)
		}
	}
}
