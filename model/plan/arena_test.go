package plan

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPlaceNeverOverlaps draws blocks and checks that those alive at the same time have disjoint, aligned ranges inside the
// total.
func TestPlaceNeverOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := make([]*block, rapid.IntRange(0, 40).Draw(t, "blocks"))
		for i := range blocks {
			first := rapid.IntRange(0, 30).Draw(t, "first")
			blocks[i] = &block{
				size: rapid.IntRange(1, 100).Draw(t, "size"), first: first, last: first + rapid.IntRange(0, 10).Draw(t, "life"),
			}
		}
		total := place(blocks)
		for i, want := range firstFit(blocks) {
			if blocks[i].off != want {
				t.Fatalf("block %d %+v: offset %d, want %d", i, *blocks[i], blocks[i].off, want)
			}
		}
		for i, a := range blocks {
			if a.off%align != 0 || a.off < 0 || a.off+a.size > total {
				t.Fatalf("block %+v outside of %d or not aligned", a, total)
			}
			for _, b := range blocks[:i] {
				together := a.first <= b.last && b.first <= a.last
				if together && a.off < b.off+b.size && b.off < a.off+a.size {
					t.Fatalf("%+v and %+v overlap", a, b)
				}
			}
		}
	})
}

// firstFit are the offsets that place gives, found by looking at every block that has its own.
func firstFit(blocks []*block) []int {
	order := make([]int, len(blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(blocks[b].size, blocks[a].size) })
	offs := make([]int, len(blocks))
	var placed []int // by offset
	for _, i := range order {
		b, off := blocks[i], 0
		for _, j := range placed {
			p := blocks[j]
			if p.last < b.first || b.last < p.first {
				continue
			}
			if off+b.size <= offs[j] {
				break
			}
			off = max(off, aligned(offs[j]+p.size))
		}
		offs[i] = off
		at, _ := slices.BinarySearchFunc(placed, off, func(j, off int) int { return cmp.Compare(offs[j], off) })
		placed = slices.Insert(placed, at, i)
	}
	return offs
}

// TestPlaceReuses: a chain in which each value lives until the next is made needs room for two values, not for all.
func TestPlaceReuses(t *testing.T) {
	var blocks []*block
	for i := range 20 {
		blocks = append(blocks, &block{size: 64, first: i, last: i + 1})
	}
	if total := place(blocks); total != 128 {
		t.Errorf("a chain of 20 values of 64 takes %d, want 128", total)
	}
}
