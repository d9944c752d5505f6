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
// needed: the largest block first, each at the lowest offset that is free as long as it lives.
func place(blocks []*block) int {
	order := slices.Clone(blocks)
	slices.SortStableFunc(order, func(a, b *block) int { return cmp.Compare(b.size, a.size) })
	end := 0
	for _, b := range blocks {
		end = max(end, b.last+1)
	}
	taken := newTimeline(end)
	total := 0
	for _, b := range order {
		b.off = taken.free(b)
		total = max(total, b.off+b.size)
		taken.add(b)
	}
	return total
}
