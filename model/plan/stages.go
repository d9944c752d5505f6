package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
)

// meet makes what all slices have for a value of this one: they lie side by side in Shared, in the order of the slices. The plan is
// that of the first slice; see moved for the others.
func (c *compiler) meet(own *value, size int) *value {
	if size == own.len { // the only slice
		return own
	}
	if own.ref.Len > 0 {
		panic(fmt.Sprintf("plan: slices meet for %v, which has its place elsewhere", own.ref))
	}
	off := c.plan.Sizes[Shared]
	c.plan.Sizes[Shared] = aligned(off + size)
	own.ref = Ref{Shared, off, own.len}
	c.met = append(c.met, own)
	return &value{len: size, ref: Ref{Shared, off, size}, own: own}
}

// order divides the steps of a slice into stages, which end where slices meet. A step is in the first stage that knows all it
// reads, so that branches of a network meet together. What only new values of weights need comes after all meetings, for one
// slice to do.
func (c *compiler) order(g *graph.Graph) {
	if g.Slices == 1 {
		return
	}
	for _, s := range c.steps {
		for _, v := range s.in {
			s.stage = max(s.stage, v.readyIn())
		}
		for _, v := range s.results() {
			v.stage = s.stage
		}
	}
	once := c.onlyUpdates()
	last := 0
	for _, s := range c.steps {
		if !once[s] {
			last = max(last, s.stage)
		}
	}
	for s := range once {
		s.stage = last + 1
	}
	slices.SortStableFunc(c.steps, func(a, b *step) int { return cmp.Compare(a.stage, b.stage) })
	for i, s := range c.steps[:len(c.steps)-len(once)] {
		if s.stage > len(c.plan.Meetings) {
			c.plan.Meetings = append(c.plan.Meetings, i)
		}
	}
	c.plan.Once = len(c.steps) - len(once)
}

// readyIn is the first stage that can read a value.
func (v *value) readyIn() int {
	if v.own != nil {
		return v.own.stage + 1
	}
	return v.stage
}

// onlyUpdates are the steps that neither the gradients nor other slices need.
func (c *compiler) onlyUpdates() map[*step]bool {
	needed := map[*value]bool{}
	for _, v := range slices.Concat(c.grads, c.met) {
		needed[v] = true
	}
	once := map[*step]bool{}
	for _, s := range slices.Backward(c.steps) {
		if !slices.ContainsFunc(s.results(), func(v *value) bool { return needed[v] }) {
			once[s] = true
			continue
		}
		for _, v := range s.in {
			needed[v] = true
		}
	}
	return once
}
