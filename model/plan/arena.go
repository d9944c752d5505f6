package plan

import (
	"cmp"
	"slices"
)

// align is the granularity of offsets in Work and Batch: 16 float32, a cache line and the widest vector register.
const align = 16

func aligned(n int) int { return (n + align - 1) / align * align }

// A block is a range of Work that one value or several successive ones occupy from instruction first to last, both
// included.
type block struct {
	size        int
	first, last int
	off         int
}

// place gives every block an offset such that blocks alive at the same time do not overlap, and returns the length
// needed.
func place(blocks []*block) int {
	order := slices.Clone(blocks)
	slices.SortStableFunc(order, func(a, b *block) int { return cmp.Compare(b.size, a.size) })
	var placed []*block // by offset
	total := 0
	for _, b := range order {
		off := 0
		for _, p := range placed {
			if p.last < b.first || b.last < p.first {
				continue
			}
			if off+b.size <= p.off {
				break
			}
			off = max(off, aligned(p.off+p.size))
		}
		b.off = off
		total = max(total, off+b.size)
		at, _ := slices.BinarySearchFunc(placed, b, func(p, b *block) int { return cmp.Compare(p.off, b.off) })
		placed = slices.Insert(placed, at, b)
	}
	return total
}
