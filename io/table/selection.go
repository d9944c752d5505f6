package table

import (
	"context"
	"math/bits"
)

// A Selection is some of the rows of a partition.
type Selection struct {
	first int64
	bits  []byte // row first+i is bit i%8 of byte i/8, from the lowest; no byte behind the last selected row's is needed
	count int64
}

// Select makes the selection of the rows of a partition that are wanted, by their numbers in the snapshot. It asks for each row once.
func Select(ctx context.Context, p Partition, wanted func(row int64) bool) (*Selection, error) {
	s := &Selection{first: p.FirstRow, bits: make([]byte, (p.Rows+7)/8)}
	for i := range p.Rows {
		if i&0xffff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if wanted(p.FirstRow + i) {
			s.bits[i/8] |= 1 << (i % 8)
			s.count++
		}
	}
	return s, nil
}

// SelectRow selects a single row of a partition.
func SelectRow(p Partition, row int64) *Selection {
	i := row - p.FirstRow
	s := &Selection{first: p.FirstRow, bits: make([]byte, i/8+1), count: 1}
	s.bits[i/8] = 1 << (i % 8)
	return s
}

// Len is the number of rows selected.
func (s *Selection) Len() int64 { return s.count }

// Bits has a bit for every row of the partition up to the last that is selected, from the lowest of the first byte on: 1 where the row is selected.
func (s *Selection) Bits() []byte { return s.bits }

// Next is the number in the snapshot of the first selected row from this one on, -1 where there is none.
func (s *Selection) Next(row int64) int64 {
	i := max(row-s.first, 0)
	for at := i / 8; at < int64(len(s.bits)); at++ {
		b := s.bits[at]
		if at == i/8 {
			b &= 0xff << (i % 8)
		}
		if b != 0 {
			return s.first + at*8 + int64(bits.TrailingZeros8(b))
		}
	}
	return -1
}

// Among is how many of n rows are selected, of which the first has that number in the snapshot.
func (s *Selection) Among(first int64, n int) (selected int) {
	for row := s.Next(first); row >= 0 && row < first+int64(n); row = s.Next(row + 1) {
		selected++
	}
	return selected
}

// Count is how many rows a Reader of the partition returns.
func (o ReadOptions) Count(p Partition) int64 {
	if o.Only == nil {
		return p.Rows
	}
	return o.Only.Len()
}

// Number is the number in the snapshot, from 0, of the n-th row, from 0, that a Reader of the partition returns.
func (o ReadOptions) Number(p Partition, n int64) int64 {
	if o.Only == nil {
		return p.FirstRow + n
	}
	row := o.Only.Next(p.FirstRow)
	for range n {
		row = o.Only.Next(row + 1)
	}
	return row
}

// Keep adds to dst, which has the same kind, the values of the selected rows among n rows of src, whose first has that number in the snapshot.
func (s *Selection) Keep(dst, src *Vector, first int64, n int) {
	for row := s.Next(first); row >= 0 && row < first+int64(n); row = s.Next(row + 1) {
		dst.AppendFrom(src, int(row-first))
	}
}
