package cpu

import (
	"slices"
	"unsafe"

	"github.com/beamfit/beamfit/model/plan"
)

// Instructions that read what the one before has just written find it in the cache where they take turns, some thousand elements
// each: an array of a batch is larger than the caches. So sweeps over the same elements are joined to one call, with a convolution that
// reads or writes these elements image by image: the sweeps before it make each image right before it is read, those behind it take
// each when it is complete, and the convolution fetches what they will read. Every instruction computes the same bits as alone.

// A bound is an instruction with its operands.
type bound struct {
	call          call
	sweep         *sweep     // nil: it is none
	images        *imagewise // nil: it is no convolution
	reads, writes [][]float32
	scratch       [][]float32 // whose values mean nothing before and after; a sweep has none
}

func bind(row row, attr any, o operands) *bound {
	b := &bound{reads: o.in, writes: append([][]float32{o.out}, o.side...), scratch: [][]float32{o.scratch}}
	switch {
	case row.sweep != nil:
		b.sweep = row.sweep(attr, o)
		b.call = chain{b.sweep}.call()
	case row.images != nil:
		b.images = row.images(attr, o)
		b.call = b.images.with(nil, nil)
	default:
		b.call = row.bind(attr, o)
	}
	return b
}

// over are the arrays that an instruction goes through from the first element to the last.
func (b *bound) over() [][]float32 {
	switch {
	case b.sweep != nil:
		return b.sweep.over
	case b.images != nil:
		return b.images.over()
	}
	return nil
}

// join makes the calls of a program.
func join(instrs []*bound) program {
	kernelGradsFirst(instrs)
	var p program
	for len(instrs) > 0 {
		var g group
		g, instrs = gather(instrs)
		p = append(p, g.call())
	}
	return p
}

// kernelGradsFirst puts the gradient of a kernel before that of the image, where they stand the other way round: sweeps that make
// what both read can join the former, those that read what the latter writes can join that.
func kernelGradsFirst(instrs []*bound) {
	for i := 1; i < len(instrs); i++ {
		dx, dk := instrs[i-1], instrs[i]
		if dx.images != nil && dk.images != nil && dx.images.output != nil && dk.images.output == nil && independent(dx, dk, false) {
			instrs[i-1], instrs[i] = dk, dx
		}
	}
}

// A group is instructions that become one call.
type group struct {
	before, after []*bound // sweeps
	images        *bound   // nil: there is no convolution, and nothing after it
}

// gather takes the first instruction, and those that join it, from instrs.
func gather(instrs []*bound) (g group, rest []*bound) {
	g.add(instrs[0])
	for i, b := range instrs[1:] {
		if len(instrs[0].over()) == 0 || !g.takes(b) {
			return g, instrs[i+1:]
		}
		g.add(b)
	}
	return g, nil
}

func (g *group) add(b *bound) {
	switch {
	case b.sweep == nil:
		g.images = b
	case g.images == nil:
		g.before = append(g.before, b)
	default:
		g.after = append(g.after, b)
	}
}

func (g *group) members() []*bound {
	if g.images == nil {
		return g.before
	}
	return slices.Concat(g.before, []*bound{g.images}, g.after)
}

// takes reports whether b can follow the members, part by part: it takes turns with one of them on an array, and but for such arrays
// touches nothing that they do.
func (g *group) takes(b *bound) bool {
	turns := g.before
	if b.sweep != nil && g.images != nil {
		turns = append([]*bound{g.images}, g.after...)
	}
	return (b.sweep != nil || b.images != nil && g.images == nil) &&
		slices.ContainsFunc(turns, func(m *bound) bool { return m.handsTo(b) }) &&
		!slices.ContainsFunc(turns, func(m *bound) bool { return !fit(m, b) }) &&
		!slices.ContainsFunc(g.members(), func(m *bound) bool { return !independent(m, b, true) })
}

// handsTo reports whether b goes through an array that a has just gone through: of a convolution, its output, or its input where it comes
// behind.
func (a *bound) handsTo(b *bound) bool {
	from, to := a.over(), b.over()
	if a.images != nil {
		from = [][]float32{a.images.output}
	}
	if b.images != nil {
		to = [][]float32{b.images.input}
	}
	return slices.ContainsFunc(from, func(x []float32) bool { return len(x) > 0 && containsArray(to, x) })
}

// fit reports whether a and b, one of which is a sweep, can take turns: of two sweeps that take rows of elements, one takes whole rows of
// the other; an image of a convolution is whole rows of the sweep, since the sweep gets single images.
func fit(a, b *bound) bool {
	rows := func(x *bound, n int) int { // 0: it has another number of elements
		switch {
		case x.sweep != nil && x.sweep.n == n:
			return x.sweep.width
		case x.images != nil && (len(x.images.output) == n || len(x.images.input) == n):
			return n / x.images.n
		}
		return 0
	}
	s, other := a, b
	if a.sweep == nil {
		s, other = b, a
	}
	x, y := s.sweep.width, rows(other, s.sweep.n)
	return y > 0 && (y%x == 0 || other.images == nil && x%y == 0)
}

// independent reports whether two instructions touch nothing in common that one of them writes, but arrays, where turns says so,
// that both go through.
func independent(a, b *bound, turns bool) bool {
	clash := func(x, y []float32) bool {
		return overlap(x, y) && !(turns && same(x, y) && containsArray(a.over(), x) && containsArray(b.over(), y))
	}
	return !(anyPair(a.writes, b.writes, clash) || anyPair(a.writes, b.reads, clash) || anyPair(a.reads, b.writes, clash) ||
		anyPair(a.scratch, b.writes, clash) || anyPair(a.scratch, b.reads, clash) ||
		anyPair(a.writes, b.scratch, clash) || anyPair(a.reads, b.scratch, clash))
}

func anyPair(xs, ys [][]float32, is func(x, y []float32) bool) bool {
	return slices.ContainsFunc(xs, func(x []float32) bool {
		return slices.ContainsFunc(ys, func(y []float32) bool { return is(x, y) })
	})
}

func containsArray(arrays [][]float32, x []float32) bool {
	return slices.ContainsFunc(arrays, func(a []float32) bool { return same(a, x) })
}

func same(x, y []float32) bool { return len(x) == len(y) && unsafe.SliceData(x) == unsafe.SliceData(y) }

func overlap(x, y []float32) bool {
	from, to := bounds(x)
	first, last := bounds(y)
	return from < last && first < to
}

// bounds are the addresses where an array begins and ends.
func bounds(x []float32) (from, to uintptr) {
	from = uintptr(unsafe.Pointer(unsafe.SliceData(x)))
	return from, from + uintptr(len(x))*unsafe.Sizeof(float32(0))
}

// call does the members.
func (g *group) call() call {
	before, after := newChain(g.before), newChain(g.after)
	if g.images == nil {
		return before.call()
	}
	if len(before)+len(after) == 0 {
		return g.images.call
	}
	images := g.images.images.with(before, after)
	return func(s *plan.Step) {
		before.begin()
		after.begin()
		images(s)
		before.end()
		after.end()
	}
}
