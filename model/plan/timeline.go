package plan

import (
	"cmp"
	"slices"
)

// A timeline tells which ranges of Work are taken when. It is a binary tree over the instructions: node 1 is the root, the
// children of node i are 2i and 2i+1. A block is noted at the O(log n) nodes that its life is made of, so that a search asks
// O(log n) nodes instead of every block; ranges that touch are one, so that a node has few.
type timeline struct {
	leaves int // a power of two
	// all are the ranges of the blocks that live during all of a node, as noted there.
	all []ranges
	// any are the ranges of the blocks that live at some time of a node: those of all, there and below.
	any []ranges
}

func newTimeline(instrs int) *timeline {
	leaves := 1
	for leaves < instrs {
		leaves *= 2
	}
	return &timeline{leaves: leaves, all: make([]ranges, 2*leaves), any: make([]ranges, 2*leaves)}
}

// cover are the nodes that the time from first to last is made of, none of them below another one.
func (t *timeline) cover(first, last int) (nodes []int) {
	from, to := first+t.leaves, last+t.leaves+1
	for ; from < to; from, to = from/2, to/2 {
		if from%2 == 1 {
			nodes = append(nodes, from)
			from++
		}
		if to%2 == 1 {
			to--
			nodes = append(nodes, to)
		}
	}
	return nodes
}

// above are the nodes above some nodes, each once.
func above(nodes []int) (up []int) {
	for _, n := range nodes {
		for n /= 2; n > 0; n /= 2 {
			up = append(up, n)
		}
	}
	slices.Sort(up)
	return slices.Compact(up)
}

// add notes a block, which has its offset.
func (t *timeline) add(b *block) {
	r := span{b.off, aligned(b.off + b.size)}
	nodes := t.cover(b.first, b.last)
	for _, n := range nodes {
		t.all[n] = t.all[n].with(r)
		t.any[n] = t.any[n].with(r)
	}
	for _, n := range above(nodes) {
		t.any[n] = t.any[n].with(r)
	}
}

// free is the lowest offset with room for a block as long as it lives.
func (t *timeline) free(b *block) int {
	nodes := t.cover(b.first, b.last)
	var taken []ranges
	for _, n := range nodes {
		taken = append(taken, t.any[n])
	}
	for _, n := range above(nodes) {
		taken = append(taken, t.all[n])
	}
	off := 0
	for moved := true; moved; { // until the range from off on is free of all
		moved = false
		for _, r := range taken {
			if to := r.free(off, b.size); to > off {
				off, moved = to, true
			}
		}
	}
	return off
}

// A span is a range of Work, from an aligned offset to another one.
type span struct{ from, to int }

// ranges are spans in order, which neither overlap nor touch.
type ranges []span

// with takes a span in.
func (r ranges) with(s span) ranges {
	if s.from == s.to {
		return r
	}
	// those from i up to j overlap or touch the span
	i, _ := slices.BinarySearchFunc(r, s.from, func(x span, at int) int { return cmp.Compare(x.to, at) })
	j := i
	for j < len(r) && r[j].from <= s.to {
		s.from, s.to = min(s.from, r[j].from), max(s.to, r[j].to)
		j++
	}
	return slices.Replace(r, i, j, s)
}

// free is the lowest offset from off on with room for so many elements between the spans.
func (r ranges) free(off, size int) int {
	i, _ := slices.BinarySearchFunc(r, off+1, func(x span, at int) int { return cmp.Compare(x.to, at) }) // the first that ends behind off
	for ; i < len(r) && r[i].from < off+size; i++ {
		off = r[i].to
	}
	return off
}
