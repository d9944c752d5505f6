package plan

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/optimizer"
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
		in := Instr{Code: s.code, Attr: s.attr, In: refs(s.in), Out: s.out.place(), Side: refs(s.side), Shapes: s.shapes}
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

// update appends the optimizer's steps, one per run of trainable weights, after the clipping of gradients.
func (c *compiler) update(spec *keras.Spec, opt optimizer.Optimizer) {
	runs, total := TrainableRuns(spec)
	c.plan.Sizes[Grads] = total
	if opt == nil {
		return
	}
	c.plan.Sizes[Slots] = opt.Slots() * total
	if clipper, ok := opt.(optimizer.Clipper); ok {
		c.plan.Instrs = append(c.plan.Instrs, clipInstr(clipper, spec, total))
	}
	c.plan.Instrs = append(c.plan.Instrs, updateRange(runs, total, opt, 0, total)...)
	c.plan.Instrs = append(c.plan.Instrs, constrainInstrs(spec)...)
}

// constrainInstrs apply the constraints of weights, after the optimizer's steps.
func constrainInstrs(spec *keras.Spec) (instrs []Instr) {
	for _, l := range spec.Layers {
		for _, w := range l.Weights {
			if w.Constraint != nil && graph.Trainable(l, w) {
				instrs = append(instrs, Instr{
					Code: CodeConstrain, Attr: ConstrainAttr{w.Constraint, w.Shape}, Out: Ref{Weights, w.Offset, w.Size()},
				})
			}
		}
	}
	return instrs
}

// clipInstr clips all gradients.
func clipInstr(clipper optimizer.Clipper, spec *keras.Spec, total int) Instr {
	return Instr{Code: CodeClip, Attr: ClipAttr{clipper, trainableSizes(spec)}, Out: Ref{Grads, 0, total}}
}

// updateRange makes the optimizer's steps for the trainable elements from..to.
func updateRange(runs []Run, total int, opt optimizer.Optimizer, from, to int) (instrs []Instr) {
	for _, r := range runs {
		first, last := max(from, r.Compact), min(to, r.Compact+r.Len)
		if first >= last {
			continue
		}
		n := last - first
		in := Instr{Code: CodeUpdate, Attr: opt, In: []Ref{{Grads, first, n}}, Out: Ref{Weights, r.Weight + first - r.Compact, n}}
		for slot := range opt.Slots() {
			in.Side = append(in.Side, Ref{Slots, slot*total + first, n})
		}
		instrs = append(instrs, in)
	}
	return instrs
}

// finish records the places of results.
func (c *compiler) finish(g *graph.Graph) {
	c.plan.Sizes[Weights] = g.Spec.NumWeights
	if g.Training {
		return
	}
	places := func(nodes []*gorgonia.Node) (refs []Ref) {
		for _, n := range nodes {
			refs = append(refs, c.values[n].place())
		}
		return refs
	}
	c.plan.Outputs, c.plan.RowLosses = places(g.Outputs), places(g.RowLosses)
	c.plan.RowPenalties = places(g.RowPenalties)
	for _, metrics := range g.RowMetrics {
		c.plan.RowMetrics = append(c.plan.RowMetrics, places(metrics))
	}
}
