package plan

import (
	"fmt"

	"github.com/beamfit/beamfit/model/graph"
)

// roots gives results their places: gradients in Grads, updates in Weights, outputs and losses anywhere but to the end.
func (c *compiler) roots(g *graph.Graph) {
	if !g.Training {
		for _, n := range rootNodes(g) {
			c.values[n].keep = true
		}
		return
	}
	runs, _ := TrainableRuns(g.Spec)
	for _, r := range g.Grads {
		c.grads = append(c.grads, c.fix(c.values[r.Node], Ref{Grads, compact(runs, r.Weight.Offset), r.Weight.Size()}))
	}
	for _, r := range g.Updates {
		v, to := c.values[r.Node], Ref{Weights, r.Weight.Offset, r.Weight.Size()}
		if c.isRead(v, to) {
			c.copyTo(v, to)
		} else {
			c.fix(v, to)
		}
	}
}

// isRead tells whether a step reads an update, or what is to be updated, but the one that makes the update: a layer that is called in training and in
// inference by one model does both. Then the weight is replaced at the end, once for all slices, and not where the update is made.
func (c *compiler) isRead(update *value, weight Ref) bool {
	for _, s := range c.steps {
		if s.out == update {
			continue
		}
		for _, v := range s.in {
			if v == update || v.ref == weight {
				return true
			}
		}
	}
	return false
}

// fix gives a value a place of its own, or makes a copy there when it already has one.
func (c *compiler) fix(v *value, to Ref) *value {
	if v.ref.Len == 0 && v.len == to.Len {
		v.ref = to
		return v
	}
	return c.copyTo(v, to)
}

// copyTo makes a copy of a value in a place, at the end.
func (c *compiler) copyTo(v *value, to Ref) *value {
	at := &value{len: to.Len, ref: to}
	c.steps = append(c.steps, &step{code: CodeCopy, in: []*value{v}, out: at})
	return at
}

// lifetimes finds the last step that reads each value, and checks that nobody reads a weight after its replacement.
func (c *compiler) lifetimes() {
	replaced := map[Ref]int{}
	for i, s := range c.steps {
		for _, v := range s.results() {
			v.last = i
		}
		for _, v := range s.in {
			v.last = i
			if at, ok := replaced[v.ref]; ok && v.ref.Space == Weights && c.steps[at].out != v {
				panic(fmt.Sprintf("plan: step %d (%s) reads %v after it was replaced", i, s.code, v.ref))
			}
		}
		if s.out.ref.Space == Weights && s.out.ref.Len > 0 {
			replaced[s.out.ref] = i
		}
	}
	for _, s := range c.steps {
		for _, v := range s.results() {
			if v.keep {
				v.last = len(c.steps)
			}
		}
	}
}

// assign gives every value without a place a range of Work.
func (c *compiler) assign() {
	for i, s := range c.steps {
		if s.out.ref.Len == 0 {
			c.overwrite(i, s)
		}
		for k, from := range s.sideIn {
			takeOver(i, s.side[k], s.in[from])
		}
		for _, v := range s.results() {
			if v.ref.Len == 0 && v.block == nil {
				v.block = c.newBlock(v.len, i, v.last)
			}
		}
	}
}

// overwrite lets the output of a step take over the range of an input that dies there.
func (c *compiler) overwrite(i int, s *step) {
	for _, k := range s.inPlace {
		if takeOver(i, s.out, s.in[k]) {
			return
		}
	}
}

// takeOver gives a result of step i the range of an operand, where that dies there and no other result has it.
func takeOver(i int, result, operand *value) bool {
	if operand.block == nil || operand.block.last != i || operand.last != i || operand.len != result.len {
		return false
	}
	result.block = operand.block
	operand.block.last = result.last
	return true
}

func (c *compiler) newBlock(size, first, last int) *block {
	b := &block{size: size, first: first, last: last}
	c.blocks = append(c.blocks, b)
	return b
}
