package pgio

import (
	"slices"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

const (
	// maxSpares is how many batches a store keeps that no reader uses.
	maxSpares = 4
	// spareBytes bounds the memory of one: a batch may have had a single row that is larger than batchBytes.
	spareBytes = 2 * batchBytes
)

// spares are batches of readers that have ended, for those that come: partitions of a table are read one after the other, and a batch that
// grows from nothing for each of them leaves several times its size to the collector.
type spares struct {
	mu  sync.Mutex
	all []*table.Batch
}

// take gives an empty batch of a schema.
func (s *spares) take(schema table.Schema) *table.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(b *table.Batch) bool { return slices.Equal(b.Schema, schema) })
	if i < 0 {
		return table.NewBatch(schema)
	}
	b := s.all[i]
	s.all = slices.Delete(s.all, i, i+1)
	return b
}

// give keeps a batch that nobody uses any more, in the place of the one that has waited longest where there are too many.
func (s *spares) give(b *table.Batch) {
	bytes := 0
	for i := range b.Cols {
		v := &b.Cols[i]
		bytes += cap(v.Bools) + 2*cap(v.Int16s) + 4*cap(v.Int32s) + 8*cap(v.Int64s) + 4*cap(v.Float32s) + 8*cap(v.Float64s) +
			16*cap(v.Strings) + 24*cap(v.Bytes) + 8*cap(v.Offsets)
		clear(v.Strings[:cap(v.Strings)]) // what they refer to is not kept
		clear(v.Bytes[:cap(v.Bytes)])
	}
	if bytes > spareBytes {
		return
	}
	b.Reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == maxSpares {
		s.all = slices.Delete(s.all, 0, 1)
	}
	s.all = append(s.all, b)
}
