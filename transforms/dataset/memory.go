package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// inMemory is a shard as its buffers in their order.
type inMemory struct {
	layout  buffer.Layout
	buffers []*buffer.Buffer
}

// hold reads the shard into memory.
func (s Shard) hold(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (*inMemory, error) {
	parts := make([][]read, len(s.Parts))
	err := run.Parallel(ctx, len(s.Parts), func(ctx context.Context, i int) (err error) {
		parts[i], err = s.Table.read(ctx, run, s.Parts[i], model)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.assemble(slices.Concat(parts...))
}

// assemble picks the shard's buffers and puts them in order.
func (s Shard) assemble(all []read) (*inMemory, error) {
	var own []read
	rows := 0
	for _, r := range all {
		if r.Key == s.Key {
			own = append(own, r)
			rows += r.Rows
		}
	}
	if err := s.checkCounts(len(own), rows); err != nil {
		return nil, err
	}
	slices.SortStableFunc(own, func(a, b read) int { return cmp.Compare(a.ID, b.ID) })
	m := &inMemory{layout: s.Table.Layout}
	for _, r := range own {
		m.buffers = append(m.buffers, r.buffer)
	}
	return m, s.checkDigest(m)
}

func (m *inMemory) digest() (string, error) {
	h := sha256.New()
	for _, b := range m.buffers {
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
