package kernels

import "fmt"

// A Cell is the formula of a recurrent layer's step.
type Cell uint8

// The cells. Gates lie side by side in the order given; z is the projected input x·kernel + bias, h the state.
const (
	// SimpleCell has no gates: h' = act(z + h·r).
	SimpleCell Cell = iota
	// LSTMCell has the gates i, f, g, o and a memory c: c' = f·c + i·g, h' = o·act(c'). g is activated by act, the others
	// by gate.
	LSTMCell
	// GRUCell has the gates u, r, g: h' = u·h + (1-u)·g with g = act(z + (r·h)·k). Its memory is r·h.
	GRUCell
	// GRUResetAfterCell differs in g = act(z + r·(h·k + b)). Its memory is h·k + b.
	GRUResetAfterCell
	numCells
)

// cellGates is the number of gates of each cell.
var cellGates = [numCells]int{SimpleCell: 1, LSTMCell: 4, GRUCell: 3, GRUResetAfterCell: 3}

// A RecurrentShape describes a recurrent layer: T steps of a batch of B rows with U units. Arrays over all steps are in the
// order of time and have the step in front: T x B x U.
type RecurrentShape struct {
	Cell      Cell
	T, B, U   int
	Act, Gate Activation // their outputs determine their derivatives
	Back      bool       // the steps run from T-1 to 0
	Sequences bool       // the states of all steps are wanted, else those of the last one
	Keep      bool       // gates, memory and states of all steps are kept for the gradient
}

// Gates is the number of gates: 4, 3 or 1.
func (s *RecurrentShape) Gates() int { return cellGates[s.Cell] }

// StepGates is the length of the gates of one step.
func (s *RecurrentShape) StepGates() int { return s.B * s.Gates() * s.U }

// GatesLen is the length of the array of gates: of all steps where they are kept, else of one. A SimpleCell has none to
// keep.
func (s *RecurrentShape) GatesLen() int {
	if s.Keep && s.Cell != SimpleCell {
		return s.T * s.StepGates()
	}
	return s.StepGates()
}

// MemoryLen is the length of the cell's memory, of all steps where it is kept; 0 where the cell has none.
func (s *RecurrentShape) MemoryLen() int {
	switch {
	case s.Cell == SimpleCell:
		return 0
	case s.Keep:
		return s.T * s.B * s.U
	}
	return s.B * s.U
}

// StatesLen is the length of the array of states: of all steps where they are kept or wanted, else of one.
func (s *RecurrentShape) StatesLen() int {
	if s.Keep || s.Sequences {
		return s.T * s.B * s.U
	}
	return s.B * s.U
}

// step is the time of the i-th step.
func (s *RecurrentShape) step(i int) int {
	if s.Back {
		return s.T - 1 - i
	}
	return i
}

func (s *RecurrentShape) check(kernel string) {
	if s.T < 1 || s.B < 1 || s.U < 1 || s.Cell >= numCells {
		panic(fmt.Sprintf("kernels: %s: inconsistent shape %+v", kernel, *s))
	}
	for _, act := range []Activation{s.Act, s.Gate} {
		if !act.GradFromOutput() {
			panic(fmt.Sprintf("kernels: %s: the output of %v does not determine its derivative", kernel, act))
		}
	}
}

// stepOf is the part of an array of n elements per step that belongs to time t; an array of one step serves all.
func stepOf(array []float32, n, t int) []float32 {
	if len(array) == n {
		return array
	}
	return array[t*n : (t+1)*n]
}

// masked says whether a step does not count for a row: mask is B x T, 0 for such steps.
func (s *RecurrentShape) masked(mask []float32, row, t int) bool {
	return mask != nil && mask[row*s.T+t] == 0
}

// Recurrent computes all steps of a recurrent layer from states of zero. z is T x B x gates·U; r is U x gates·U; bias, of a
// GRUResetAfterCell only, has that of the input and that of the state, gates·U each, or is nil; mask is B x T or nil:
// where it is 0, a row's state and memory stay as they were. drop, gates x B x U or nil, multiplies the state before its
// product with each gate's columns of r. gates, memory and h (the states) have the lengths of GatesLen, MemoryLen and
// StatesLen; gates may alias z. ws holds at least RecurrentWorkspace elements.
func Recurrent(s *RecurrentShape, z, r, bias, mask, drop, gates, memory, h, ws []float32) {
	recurrent(s, false, z, r, bias, mask, drop, gates, memory, h, ws)
}

// RecurrentBfloat16 is Recurrent with products of bfloat16 numbers and with states that are such numbers, the memory of an LSTMCell among them. r must be rounded
// (RoundBfloat16).
func RecurrentBfloat16(s *RecurrentShape, z, r, bias, mask, drop, gates, memory, h, ws []float32) {
	recurrent(s, true, z, r, bias, mask, drop, gates, memory, h, ws)
}

func recurrent(s *RecurrentShape, bfloat16 bool, z, r, bias, mask, drop, gates, memory, h, ws []float32) {
	s.check("Recurrent")
	width := s.Gates() * s.U
	atLeast("Recurrent", "z", len(z), s.T*s.B*width)
	atLeast("Recurrent", "r", len(r), s.U*width)
	s.optional("Recurrent", bias, mask, drop)
	exactly("Recurrent", "gates", len(gates), s.GatesLen())
	exactly("Recurrent", "memory", len(memory), s.MemoryLen())
	exactly("Recurrent", "h", len(h), s.StatesLen())
	atLeast("Recurrent", "ws", len(ws), RecurrentWorkspace(s))

	size := s.B * s.U
	zeros, tmp, ws := ws[:size], ws[size:2*size], ws[2*size:]
	clear(zeros)
	before, memoryBefore := zeros, zeros
	for i := range s.T {
		t := s.step(i)
		c := cellStep{
			RecurrentShape: s, bfloat16: bfloat16, t: t, r: r, bias: bias, mask: mask, drop: drop,
			z: z[t*s.B*width : (t+1)*s.B*width], gates: stepOf(gates, s.B*width, t), h: stepOf(h, size, t),
			before: before, memoryBefore: memoryBefore, tmp: tmp, ws: ws,
		}
		if s.Cell != SimpleCell {
			c.memory = stepOf(memory, size, t)
		}
		c.run(i == 0)
		before, memoryBefore = c.h, c.memory
	}
}

// RecurrentWorkspace is the least length of Recurrent's workspace.
func RecurrentWorkspace(s *RecurrentShape) int {
	width := s.Gates() * s.U
	return 2*s.B*s.U + max(GemmWorkspace(false, false, s.B, width, s.U), GemmWorkspace(false, false, s.B, s.U, s.U),
		GemmWorkspace(false, false, s.B, 2*s.U, s.U))
}

// optional checks arguments that may be nil.
func (s *RecurrentShape) optional(kernel string, bias, mask, drop []float32) {
	if bias != nil {
		atLeast(kernel, "bias", len(bias), 2*s.Gates()*s.U)
	}
	if mask != nil {
		atLeast(kernel, "mask", len(mask), s.B*s.T)
	}
	if drop != nil {
		atLeast(kernel, "drop", len(drop), s.Gates()*s.B*s.U)
	}
}

// A cellStep is one step of all rows.
type cellStep struct {
	*RecurrentShape
	bfloat16               bool // operands of products and states are rounded
	t                      int
	z, r, bias, mask, drop []float32
	gates, memory, h       []float32 // of this step
	before, memoryBefore   []float32 // states and memory of the step before
	tmp                    []float32 // B x U
	ws                     []float32
}

// run computes the step; the first one has a state of zero, whose products are left out.
func (c *cellStep) run(first bool) {
	width := c.Gates() * c.U
	if &c.gates[0] != &c.z[0] {
		copy(c.gates, c.z)
	}
	switch {
	case c.Cell == GRUCell:
		if !first {
			c.product(0, 2, c.gates, width, true)
		}
		c.resetState(first)
	case c.Cell == GRUResetAfterCell:
		c.inner(first)
	case !first:
		c.product(0, c.Gates(), c.gates, width, true)
	}
	u := c.U
	for b := range c.B {
		state := b * u
		if c.masked(c.mask, b, c.t) {
			copy(c.h[state:state+u], c.before[state:state+u])
			if c.Cell == LSTMCell {
				copy(c.memory[state:state+u], c.memoryBefore[state:state+u])
			}
			continue
		}
		g, h := c.gates[b*width:(b+1)*width], c.h[state:state+u]
		switch c.Cell {
		case SimpleCell:
			activation(c.Act, g, h)
		case LSTMCell:
			c.lstm(g, c.memoryBefore[state:state+u], c.memory[state:state+u], h)
		case GRUCell:
			c.gru(g, c.before[state:state+u], h)
		case GRUResetAfterCell:
			c.resetAfter(g, c.memory[state:state+u])
			c.gru(g, c.before[state:state+u], h)
		}
		c.round(h)
	}
}

// round rounds x where products are those of bfloat16.
func (c *cellStep) round(x []float32) {
	if c.bfloat16 {
		roundBfloat16(x, x)
	}
}

// product is state·r for the columns of some gates; with accumulate it is added to out, whose rows are ld apart.
func (c *cellStep) product(from, to int, out []float32, ld int, accumulate bool) {
	width, u := c.Gates()*c.U, c.U
	if c.drop == nil {
		Gemm(false, false, c.B, (to-from)*u, u, c.before, u, c.r[from*u:], width, accumulate, out, ld, c.ws)
		return
	}
	for gate := from; gate < to; gate++ {
		mul(c.before, c.drop[gate*c.B*u:(gate+1)*c.B*u], c.tmp)
		c.round(c.tmp)
		Gemm(false, false, c.B, u, u, c.tmp, u, c.r[gate*u:], width, accumulate, out[(gate-from)*u:], ld, c.ws)
	}
}

// lstm makes the gates of a row in place, its memory and its state.
func (c *cellStep) lstm(g, memoryBefore, memory, h []float32) {
	u := c.U
	activation(c.Gate, g[:2*u], g[:2*u])
	activation(c.Act, g[2*u:3*u], g[2*u:3*u])
	activation(c.Gate, g[3*u:], g[3*u:])
	mul(g[u:2*u], memoryBefore, memory)
	mul(g[:u], g[2*u:3*u], h)
	add(memory, h, memory)
	c.round(memory)
	activation(c.Act, memory, h)
	mul(g[3*u:], h, h)
}

// resetState makes the gates u and r of all rows, the reset state, and the sum under g.
func (c *cellStep) resetState(first bool) {
	width, u := c.Gates()*c.U, c.U
	for b := range c.B {
		g := c.gates[b*width : (b+1)*width]
		activation(c.Gate, g[:2*u], g[:2*u])
		mul(g[u:2*u], c.before[b*u:(b+1)*u], c.memory[b*u:(b+1)*u])
	}
	if c.drop != nil {
		mul(c.memory, c.drop[2*c.B*u:3*c.B*u], c.memory)
	}
	c.round(c.memory)
	if !first {
		Gemm(false, false, c.B, u, u, c.memory, u, c.r[2*u:], width, true, c.gates[2*u:], width, c.ws)
	}
}

// inner makes the sums under the gates u and r of all rows, but for the bias, and h·k + b.
func (c *cellStep) inner(first bool) {
	width, u := c.Gates()*c.U, c.U
	if first {
		clear(c.memory)
	} else {
		c.product(0, 2, c.gates, width, true)
		c.product(2, 3, c.memory, u, false)
	}
	if c.bias == nil {
		return
	}
	for b := range c.B {
		m := c.memory[b*u : (b+1)*u]
		add(m, c.bias[width+2*u:], m)
	}
}

// resetAfter makes the gates u and r of a row, and the sum under g.
func (c *cellStep) resetAfter(g, memory []float32) {
	u := c.U
	if c.bias != nil {
		add(g, c.bias[:3*u], g)
		add(g[:2*u], c.bias[3*u:5*u], g[:2*u])
	}
	activation(c.Gate, g[:2*u], g[:2*u])
	tmp := c.tmp[:u]
	mul(g[u:2*u], memory, tmp)
	add(g[2*u:], tmp, g[2*u:])
}

// gru makes g of a row, from the sum under it, and the state g + u·(h-g).
func (c *cellStep) gru(g, before, h []float32) {
	u, tmp := c.U, c.tmp[:c.U]
	activation(c.Act, g[2*u:], g[2*u:])
	copy(tmp, before)
	axpy(-1, g[2*u:], tmp)
	mul(g[:u], tmp, tmp)
	add(tmp, g[2*u:], h)
}
