package fileio

import (
	"bytes"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestLargeBatches: readers of large batches at the same time, which take turns, do not wait for each other for ever, even when
// one goroutine holds a batch of one while it reads another.
func TestLargeBatches(t *testing.T) {
	s := tempStore(t)
	value := bytes.Repeat([]byte("large"), largeBatch/5+1)
	put(t, s, "t", batchOf(t, table.Schema{{Name: "b", Type: table.BytesType}}, []any{value}, []any{value[1:]}))
	snap, err := s.Snapshot(ctx, named("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	read := func(inside func()) {
		n := 0
		err := table.EachBatch(ctx, s, parts[0], table.ReadOptions{}, func(b *table.Batch) error {
			for i := range b.Rows {
				if !bytes.Equal(b.Cols[0].Bytes[i], value[n:]) {
					t.Errorf("value %d differs", n)
				}
				n++
			}
			inside()
			return nil
		})
		if err != nil || n != 2 {
			t.Errorf("%d values, %v", n, err)
		}
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() { read(func() { read(func() {}) }) })
	}
	readers.Wait()
}
