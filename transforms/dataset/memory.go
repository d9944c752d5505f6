package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// inMemory is a shard as its buffers in their order.
type inMemory struct {
	layout  buffer.Layout
	buffers []*buffer.Buffer
}

// A memorySink keeps the buffers of a shard.
type memorySink struct {
	shard   Shard
	run     *bundle.Run
	bytes   int64 // that the run holds for it
	mu      sync.Mutex
	buffers []readBuffer
}

func (s *memorySink) add(r readBuffer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buffers = append(s.buffers, r)
	return nil
}

// finish puts the buffers in order: where several have the same number, in that of the table's rows, whichever came first.
func (s *memorySink) finish() (held, error) {
	slices.SortFunc(s.buffers, func(a, b readBuffer) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.row, b.row)) })
	m := &inMemory{layout: s.shard.Table.Layout}
	rows := 0
	for _, r := range s.buffers {
		m.buffers = append(m.buffers, r.buffer)
		rows += r.Rows
	}
	return m, s.shard.checkCounts(len(s.buffers), rows)
}

func (s *memorySink) discard() { s.run.Release(s.bytes) }

func (m *inMemory) digest(ctx context.Context) (string, error) {
	h := sha256.New()
	for _, b := range m.buffers {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		_ = b.Write(h) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (m *inMemory) data(from, to int) trainer.Dataset {
	var data trainer.Buffers
	at := 0 // row of the shard
	for _, b := range m.buffers {
		first, end := max(from-at, 0), min(to-at, b.N)
		at += b.N
		if first < end {
			data = append(data, m.part(b, first, end))
		}
	}
	return data
}

// part is rows first to end-1 of a buffer.
func (m *inMemory) part(b *buffer.Buffer, first, end int) trainer.Buffer {
	if first == 0 && end == b.N {
		return rowsOf(b)
	}
	part := trainer.Buffer{N: end - first}
	for k, v := range m.layout.Inputs {
		part.Inputs = append(part.Inputs, b.Inputs[k][first*v.Size():end*v.Size()])
	}
	for k, v := range m.layout.Labels {
		if v.Numeric {
			part.Labels = append(part.Labels, nil)
			part.Numbers = append(part.Numbers, b.Numbers[k][first*v.Size():end*v.Size()])
			continue
		}
		part.Labels = append(part.Labels, b.Labels[k][first*v.Size():end*v.Size()])
		part.Numbers = append(part.Numbers, nil)
	}
	return withWeights(part, m.layout)
}

// rowsOf are the rows of a buffer.
func rowsOf(b *buffer.Buffer) trainer.Buffer {
	return withWeights(trainer.Buffer{Inputs: b.Inputs, Labels: b.Labels, Numbers: b.Numbers, N: b.N}, b.Layout)
}

// withWeights makes the last labels weights, where they are.
func withWeights(b trainer.Buffer, layout buffer.Layout) trainer.Buffer {
	if layout.Weighted {
		last := len(b.Numbers) - 1
		b.Weights, b.Labels, b.Numbers = b.Numbers[last], b.Labels[:last], b.Numbers[:last]
	}
	return b
}
