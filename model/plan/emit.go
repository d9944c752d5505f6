package plan

import (
	"github.com/beamfit/beamfit/model/graph"
	"gorgonia.org/gorgonia"
)

// emit asks the device for scratch sizes, places all blocks and writes the instructions.
func (c *compiler) emit() error {
	for i, s := range c.steps {
		n, err := c.dev.Scratch(&Instr{Code: s.code, Attr: s.attr})
		if err != nil {
			return err
		}
		if n > 0 {
			s.scratch = c.newBlock(n, i, i)
		}
	}
	c.plan.Sizes[Work] = aligned(place(c.blocks))
	for _, s := range c.steps {
		for _, v := range s.results() {
			if v.block != nil {
				c.plan.Values += v.len
			}
		}
		if s.scratch != nil {
			c.plan.Values += s.scratch.size
		}
		in := Instr{Code: s.code, Attr: s.attr, In: refs(s.in), Out: s.out.place(), Side: refs(s.side), Shapes: s.shapes, Layer: s.layer}
		if s.scratch != nil {
			in.Scratch = Ref{Work, s.scratch.off, s.scratch.size}
		}
		c.plan.Instrs = append(c.plan.Instrs, in)
	}
	return nil
}

// place is where a value lies.
func (v *value) place() Ref {
	if v.block != nil {
		return Ref{Work, v.block.off, v.len}
	}
	return v.ref
}

func refs(values []*value) []Ref {
	var r []Ref
	for _, v := range values {
		r = append(r, v.place())
	}
	return r
}

// finish records the places of results.
func (c *compiler) finish(g *graph.Graph) {
	c.plan.Sizes[Weights] = g.Spec.NumWeights
	if g.Training {
		return
	}
	places := func(nodes []*gorgonia.Node) (refs []Ref) {
		for _, n := range nodes {
			var r Ref
			if n != nil {
				r = c.values[n].place()
			}
			refs = append(refs, r)
		}
		return refs
	}
	c.plan.Outputs, c.plan.RowLosses = places(g.Outputs), places(g.RowLosses)
	c.plan.Masks = places(g.Masks)
	c.plan.RowPenalties = places(g.RowPenalties)
	for _, metrics := range g.RowMetrics {
		c.plan.RowMetrics = append(c.plan.RowMetrics, places(metrics))
	}
}
