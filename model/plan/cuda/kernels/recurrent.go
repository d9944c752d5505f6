package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// recurrentRows are recurrent layers: recurrent.cu, with products of gemm.cu.
var recurrentRows = map[string]row{
	graph.CodeRecurrent:                   withScratch(productsOf(float32s, recurrent), recurrentScratch),
	graph.CodeRecurrentBiasGrad:           withScratch(recurrentBiasGrad, recurrentBiasGradScratch),
	graph.CodeRecurrentGrad:               withScratch(productsOf(float32s, recurrentGrad), recurrentGradScratch),
	graph.CodeRecurrentKernelGrad:         withScratch(productsOf(float32s, recurrentKernelGrad), recurrentKernelGradScratch),
	graph.CodeRecurrentBfloat16:           withScratch(productsOf(bfloat16s, recurrent), recurrentScratch),
	graph.CodeRecurrentBfloat16Grad:       withScratch(productsOf(bfloat16s, recurrentGrad), recurrentGradScratch),
	graph.CodeRecurrentBfloat16KernelGrad: withScratch(productsOf(bfloat16s, recurrentKernelGrad), recurrentKernelGradScratch),
}

// The numbers that products are of.
const float32s, bfloat16s = false, true

// productsOf binds a layer with products of such numbers.
func productsOf(mixed bool, launches func(r *recurrence) []Launch) func(a *graph.RecurrentAttr, o operands) []Launch {
	return func(a *graph.RecurrentAttr, o operands) []Launch {
		r := newRecurrence(a)
		r.o, r.mixed = o, mixed
		return launches(r)
	}
}

// recurrentPart is how many terms a part of a step's product sums: steps are small and follow each other, so that many blocks must share one.
const recurrentPart = 64

// A queue hands out places in order.
type queue []place

func (q *queue) next(wanted bool) place {
	if !wanted {
		return place{}
	}
	first := (*q)[0]
	*q = (*q)[1:]
	return first
}

// cut takes n elements off a place, in whole lines of memory.
func cut(from *place, n int) place {
	part := place{from.address, n}
	*from = from.at(lines(n))
	return part
}

// lines is n rounded up to whole lines of memory.
func lines(n int) int { return ceil(n, 16) * 16 }

// A recurrence is a layer with what its launches share.
type recurrence struct {
	*graph.RecurrentAttr
	o           operands
	mixed       bool // products are of bfloat16 numbers
	size, width int  // of the states and of the gates of a step
	drop        place
	products    place // parts of the products of a step
	tmp         place // states that were dropped
	launches    []Launch
}

func newRecurrence(a *graph.RecurrentAttr) *recurrence {
	return &recurrence{RecurrentAttr: a, size: a.B * a.U, width: a.Gates() * a.U}
}

// productParts is how many parts a product over k has.
func productParts(k int) int { return ceil(k, recurrentPart) }

// begin takes the memory that forward and backward share and draws the factors that states are dropped by.
func (r *recurrence) begin(scratch *place, products int) {
	r.products = cut(scratch, products)
	if r.Drop.Rate == 0 {
		return
	}
	r.tmp, r.drop = cut(scratch, r.size), cut(scratch, r.B*r.width)
	r.add(stepElements("recurrent_drop", r.o, r.B*r.width, r.Drop.Rate, r.Drop.Stream, r.drop))
}

// shared is the length of what begin takes.
func (r *recurrence) shared(products int) int {
	n := lines(products)
	if r.Drop.Rate != 0 {
		n += lines(r.size) + lines(r.B*r.width)
	}
	return n
}

func (r *recurrence) add(l ...Launch) { r.launches = append(r.launches, l...) }

// factors are those of a gate; none without dropout.
func (r *recurrence) factors(gate int) place {
	if r.Drop.Rate == 0 {
		return place{}
	}
	return r.drop.at(gate * r.size)
}

// each launches a kernel for the units of a step; their number, the units of a row and mixed are its first arguments.
func (r *recurrence) each(name string, args ...any) {
	r.add(elements(name, r.size, append([]any{r.U, r.mixed}, args...)...))
}

// stepped is the part of an array of n elements per step that belongs to time t, where it has all steps.
func stepped(array place, n, t int, all bool) place {
	if all && array.address != 0 {
		return place{array.at(n * t).address, n}
	}
	return array
}

// time is that of the i-th step.
func (r *recurrence) time(i int) int {
	if r.Back {
		return r.T - 1 - i
	}
	return i
}

// multiply leaves the parts of a·op(b), m x n, at to, one behind the other, and returns their number.
func (r *recurrence) multiply(p product, to place) (parts int) {
	parts = productParts(p.k)
	p.c, p.ldc = to, p.n
	r.add(p.launch(parts, recurrentPart, p.m*p.n))
	return parts
}

// state multiplies the state with the columns of gates from..to-1 of the kernel.
func (r *recurrence) state(state, kernel place, from, to int) (product place, parts int) {
	n := (to - from) * r.U
	if r.Drop.Rate == 0 {
		return r.products, r.multiply(r.ofState(state, kernel, from, n), r.products)
	}
	// Each gate has a state of its own. Its columns have gaps between them, so it is one part.
	for gate := from; gate < to; gate++ {
		r.add(elements("recurrent_dropped", r.size, r.size, r.mixed, state, r.factors(gate), r.tmp))
		p := r.ofState(r.tmp, kernel, gate, r.U)
		p.c, p.ldc = r.products.at((gate-from)*r.U), n
		r.add(p.launch(1, p.k, 0))
	}
	return r.products, 1
}

func (r *recurrence) ofState(state, kernel place, gate, n int) product {
	return product{m: r.B, n: n, k: r.U, a: state, lda: r.U, b: kernel.at(gate * r.U), ldb: r.width}
}

// forwardProducts is the room for the products of a step.
func (r *recurrence) forwardProducts() int { return productParts(r.U) * r.B * r.width }

func recurrentScratch(a *graph.RecurrentAttr) int {
	r := newRecurrence(a)
	return r.shared(r.forwardProducts()) + lines(a.GatesLen()) + lines(max(a.MemoryLen(), 1))
}

func recurrent(r *recurrence) []Launch {
	a, o := r.RecurrentAttr, r.o
	in, side, scratch := queue(o.in), queue(o.side), o.scratch
	z, kernel, bias, mask := in.next(true), in.next(true), in.next(a.Bias), in.next(a.Mask)
	gated := a.Cell != host.SimpleCell
	var gates, memory place
	if a.Keep && gated {
		gates, memory = side.next(true), side.next(true)
	} else {
		gates, memory = cut(&scratch, a.GatesLen()), cut(&scratch, a.MemoryLen())
	}
	h, all := o.out, a.Keep || a.Sequences
	if a.Keep && !a.Sequences {
		h = side.next(true)
	}
	r.begin(&scratch, r.forwardProducts())
	var before, memoryBefore place
	for i := range a.T {
		t := r.time(i)
		zt, state := stepped(z, r.B*r.width, t, true), stepped(h, r.size, t, all)
		g, m := stepped(gates, r.B*r.width, t, a.Keep && gated), stepped(memory, r.size, t, a.Keep)
		var product place
		parts := 0
		if i > 0 {
			last := a.Gates()
			if a.Cell == host.GRUCell {
				last = 2
			}
			product, parts = r.state(before, kernel, 0, last)
		}
		switch a.Cell {
		case host.SimpleCell:
			r.each("recurrent_simple", int(a.Act), zt, product, parts, mask, a.T, t, before, g, state)
		case host.LSTMCell:
			r.each("recurrent_lstm", int(a.Act), int(a.Gate), zt, product, parts, mask, a.T, t, before, memoryBefore, g, m, state)
		case host.GRUCell:
			r.each("recurrent_gru_reset", int(a.Gate), zt, product, parts, r.factors(2), before, g, m)
			if i > 0 {
				parts = r.multiply(r.ofState(m, kernel, 2, r.U), r.products)
			}
			r.each("recurrent_gru_state", int(a.Act), zt, product, parts, mask, a.T, t, before, g, state)
		case host.GRUResetAfterCell:
			r.each("recurrent_gru_after", int(a.Act), int(a.Gate), zt, product, parts, bias, mask, a.T, t, before, g, m, state)
		}
		before, memoryBefore = state, m
	}
	if a.Keep && !a.Sequences {
		r.add(elements("elementwise_copy", o.out.n, before, o.out))
	}
	return r.launches
}

// backwardProducts is the room for the products of a step's gradient.
func (r *recurrence) backwardProducts() int { return (productParts(r.width) + 1) * r.size }

func recurrentGradScratch(a *graph.RecurrentAttr) int {
	r := newRecurrence(a)
	return r.shared(r.backwardProducts()) + 2*lines(r.size)
}

// through multiplies the gradient of gates from..to-1, whose rows are ld apart, with their columns of the kernel, transposed, and leaves the parts at to.
func (r *recurrence) through(d place, ld int, kernel place, from, last int, to place) (parts int) {
	return r.multiply(product{transB: true, m: r.B, n: r.U, k: (last - from) * r.U, a: d, lda: ld, b: kernel.at(from * r.U), ldb: r.width}, to)
}

func recurrentGrad(r *recurrence) []Launch {
	a, o := r.RecurrentAttr, r.o
	in, scratch := queue(o.in), o.scratch
	given, kernel, mask, h := in.next(true), in.next(true), in.next(a.Mask), in.next(true)
	gated := a.Cell != host.SimpleCell
	gates, memory := in.next(gated), in.next(gated)
	dz, side := o.out, queue(o.side)
	dinner := side.next(a.Cell == host.GRUResetAfterCell)
	r.begin(&scratch, r.backwardProducts())
	dh, dmemory := cut(&scratch, r.size), cut(&scratch, r.size)
	last := given
	if a.Sequences {
		last = place{}
	}
	r.add(elements("recurrent_begin", r.size, last, dh, dmemory))
	parts := 0 // of what comes through the product of the step after
	for i := a.T - 1; i >= 0; i-- {
		t := r.time(i)
		var product, before, memoryBefore, from place
		if parts > 0 {
			product = r.products
		}
		if a.Sequences {
			from = stepped(given, r.size, t, true)
		}
		state, dzt := stepped(h, r.size, t, true), stepped(dz, r.B*r.width, t, true)
		g, m, inner := stepped(gates, r.B*r.width, t, true), stepped(memory, r.size, t, true), stepped(dinner, r.size, t, true)
		if i > 0 {
			before = stepped(h, r.size, r.time(i-1), true)
			memoryBefore = stepped(memory, r.size, r.time(i-1), true)
		}
		switch a.Cell {
		case host.SimpleCell:
			r.each("recurrent_simple_grad", int(a.Act), state, product, parts, mask, a.T, t, from, dh, dzt)
		case host.LSTMCell:
			r.each("recurrent_lstm_grad", int(a.Act), int(a.Gate), g, m, memoryBefore, product, parts, mask, a.T, t, from, dh, dmemory, dzt)
		default:
			r.each("recurrent_gru_grad", int(a.Act), int(a.Gate), g, m, before, product, parts, mask, a.T, t, from, dh, dzt, inner)
		}
		if a.Cell == host.GRUCell {
			parts = r.through(dzt.at(2*r.U), r.width, kernel, 2, 3, r.products)
			r.each("recurrent_gru_reset_grad", int(a.Gate), g, before, r.products, parts, r.factors(2), mask, a.T, t, dh, dzt)
		}
		if parts = 0; i > 0 {
			parts = r.passOn(dzt, inner, kernel, dh)
		}
	}
	return r.launches
}

// passOn makes what comes through the products of a step, for the step before: parts that its kernel adds up. With dropout it is added to dh here,
// gate by gate, and there are none.
func (r *recurrence) passOn(dz, dinner, kernel, dh place) (parts int) {
	type source struct {
		d          place
		ld         int
		from, last int
	}
	sources := []source{{dz, r.width, 0, r.Gates()}}
	switch r.Cell {
	case host.GRUCell:
		sources = []source{{dz, r.width, 0, 2}}
	case host.GRUResetAfterCell:
		sources = []source{{dz, r.width, 0, 2}, {dinner, r.U, 2, 3}}
	}
	for _, s := range sources {
		if r.Drop.Rate == 0 {
			parts += r.through(s.d, s.ld, kernel, s.from, s.last, r.products.at(parts*r.size))
			continue
		}
		for gate := s.from; gate < s.last; gate++ {
			n := r.through(s.d.at((gate-s.from)*r.U), s.ld, kernel, gate, gate+1, r.products)
			r.add(elements("recurrent_pass_dropped", r.size, r.products, n, r.factors(gate), dh))
		}
	}
	return parts
}

// A kernelGrad is a product of states, transposed, with gradients of gates, over all steps.
type kernelGrad struct {
	product
	gate  int
	reset bool // the states are reset ones
	inner bool // the gradients are those of the memory
}

// kernelGrads are those of a layer; at and d of the products are set by recurrentKernelGrad.
func kernelGrads(a *graph.RecurrentAttr) (all []kernelGrad) {
	u, width, rows := a.U, a.Gates()*a.U, (a.T-1)*a.B
	add := func(gate, gates, k int, reset, inner bool) {
		ldb := width
		if inner {
			ldb = u
		}
		all = append(all, kernelGrad{product{transA: true, m: u, n: gates * u, k: k, lda: u, ldb: ldb, ldc: width}, gate, reset, inner})
	}
	gates := a.Gates()
	if a.Cell == host.GRUCell { // its last gate is multiplied with the reset state
		gates = 2
		add(2, 1, a.T*a.B, true, false)
	}
	if rows == 0 {
		return all
	}
	switch {
	case a.Drop.Rate != 0:
		for gate := range gates {
			add(gate, 1, rows, false, gate == 2 && a.Cell == host.GRUResetAfterCell)
		}
	case a.Cell == host.GRUResetAfterCell:
		add(0, 2, rows, false, false)
		add(2, 1, rows, false, true)
	default:
		add(0, gates, rows, false, false)
	}
	return all
}

func recurrentKernelGradScratch(a *graph.RecurrentAttr) int {
	r := newRecurrence(a)
	n := r.shared(0)
	if a.Drop.Rate != 0 {
		n += lines((a.T - 1) * r.size)
	}
	most := 0
	for _, g := range kernelGrads(a) {
		most = max(most, g.scratch())
	}
	return n + most
}

func recurrentKernelGrad(r *recurrence) []Launch {
	a, o := r.RecurrentAttr, r.o
	in, scratch := queue(o.in), o.scratch
	h, dz := in.next(true), in.next(true)
	memory, dinner := in.next(a.Cell == host.GRUCell), in.next(a.Cell == host.GRUResetAfterCell)
	r.begin(&scratch, 0)
	rows := (a.T - 1) * r.size
	// The first step has a state of zero: all others pair the state of the step before with their own gradient.
	before, from := h, a.B
	if a.Back {
		before, from = h.at(r.size), 0
	}
	states := before
	if a.Drop.Rate != 0 {
		states = cut(&scratch, rows)
	}
	if a.T == 1 {
		r.add(elements("elementwise_fill", o.out.n, 0.0, o.out))
	}
	for _, g := range kernelGrads(a) {
		p := g.product
		switch {
		case g.reset:
			p.a, p.b = memory, dz.at(g.gate*r.U)
		case g.inner:
			p.a, p.b = states, dinner.at(from*r.U)
		default:
			p.a, p.b = states, dz.at(from*r.width+g.gate*r.U)
		}
		if a.Drop.Rate != 0 && !g.reset {
			r.add(elements("recurrent_dropped", rows, r.size, r.mixed, before, r.factors(g.gate), states))
		}
		p.c = o.out.at(g.gate * r.U)
		r.add(p.launches(scratch)...)
	}
	return r.launches
}

// recurrentBias is how the columns of the gradients of gates, and of the memory, are summed.
func recurrentBias(a graph.RecurrentBiasAttr) (gates, inner columnWalk) {
	return walkColumns(a.T*a.B, a.Gates()*a.U), walkColumns(a.T*a.B, a.U)
}

func recurrentBiasGradScratch(a graph.RecurrentBiasAttr) int {
	gates, inner := recurrentBias(a)
	return max(gates.scratch(1), inner.scratch(1))
}

func recurrentBiasGrad(a graph.RecurrentBiasAttr, o operands) []Launch {
	gates, inner := recurrentBias(a)
	width := a.Gates() * a.U
	launches := gates.sums("columns_sum", o.scratch, o.out, o.in[0])
	launches = append(launches, elements("elementwise_copy", 2*a.U, o.out, o.out.at(width)))
	return append(launches, inner.sums("columns_sum", o.scratch, o.out.at(width+2*a.U), o.in[1])...)
}
