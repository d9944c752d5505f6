package onnx

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

// cellOps are the operators of the cells, and their gates in ONNX' order as those of the plan.
var cellOps = map[kernels.Cell]struct {
	op    string
	gates []int
}{
	kernels.SimpleCell:        {"RNN", []int{0}},
	kernels.LSTMCell:          {"LSTM", []int{0, 3, 1, 2}}, // i, o, f, c
	kernels.GRUCell:           {"GRU", []int{0, 1, 2}},
	kernels.GRUResetAfterCell: {"GRU", []int{0, 1, 2}},
}

// A cellActivation is an activation as an argument of LSTM, GRU and RNN.
type cellActivation struct {
	name        string
	alpha, beta []float32
}

var cellActivations = map[kernels.Activation]cellActivation{
	kernels.Linear:        {"Affine", []float32{1}, []float32{0}},
	kernels.ReLU:          {"Relu", nil, nil},
	kernels.Sigmoid:       {"Sigmoid", nil, nil},
	kernels.Tanh:          {"Tanh", nil, nil},
	kernels.ELU:           {"Elu", []float32{1}, nil},
	kernels.Softplus:      {"Softplus", nil, nil},
	kernels.Softsign:      {"Softsign", nil, nil},
	kernels.HardSigmoid:   {"HardSigmoid", []float32{1.0 / 6}, []float32{0.5}},
	kernels.HardSigmoidV2: {"HardSigmoid", []float32{0.2}, []float32{0.5}},
	kernels.LeakyReLU:     {"LeakyRelu", []float32{0.2}, nil},
}

// recurrent is LSTM, GRU or RNN where these can be it, else a Scan. Layers with states of their callers are not this opcode but one step after
// the other.
func recurrent(l *lowering, a *graph.RecurrentAttr, in instr) value {
	z := in.in[0]
	made, ok := l.products[z.t]
	_, act := cellActivations[a.Act]
	_, gate := cellActivations[a.Gate]
	want := 2
	for _, given := range []bool{a.Bias, a.Mask} {
		if given {
			want++
		}
	}
	if len(in.in) != want {
		panic(fmt.Sprintf("onnx: layer %q: a recurrent layer of %d arrays, expected %d", l.layer, len(in.in), want))
	}
	if !ok || !act || !gate || a.Mask || !made.w.t.constant() || !in.in[1].t.constant() {
		return l.scan(a, in)
	}
	return l.cell(a, in, made)
}

// cell is the operator of a cell, whose product with the input is inside.
func (l *lowering) cell(a *graph.RecurrentAttr, in instr, made product) value {
	cell := cellOps[a.Cell]
	width := len(cell.gates) * a.U
	kernel := func(v *value) *tensor { // depth x gates·U becomes 1 x gates·U x depth
		values := l.plain(*v).values()
		depth := len(values) / width
		out := make([]float32, 0, len(values))
		for _, g := range cell.gates {
			for u := range a.U {
				for d := range depth {
					out = append(out, values[d*width+g*a.U+u])
				}
			}
		}
		return l.array(out, 1, width, depth)
	}
	bias := make([]float32, 0, 2*width)
	gates := func(values []float32) {
		for _, g := range cell.gates {
			bias = append(bias, values[g*a.U:(g+1)*a.U]...)
		}
	}
	switch {
	case a.Bias: // that of the input and that of the state
		both := l.plain(in.in[2]).values()
		gates(both[:width])
		gates(both[width:])
	case made.bias != nil:
		gates(l.plain(*made.bias).values())
		bias = append(bias, make([]float32, width)...)
	default:
		bias = append(bias, make([]float32, 2*width)...)
	}
	t, b, u := in.in[0].shape[0], in.in[0].shape[1], dim{n: a.U}
	n := l.add(cell.op, []dim{t, one, b, u}, l.plain(*made.x), kernel(made.w), kernel(&in.in[1]), l.array(bias, 1, 2*width))
	n.attr("hidden_size", a.U)
	if a.Back {
		n.attr("direction", "reverse")
	}
	if a.Cell == kernels.GRUResetAfterCell {
		n.attr("linear_before_reset", 1)
	}
	n.activations(a)
	if a.Sequences {
		return l.reshaped(straight(n.out), in.out)
	}
	last := &tensor{name: l.unique(n.name + "_last"), dims: []dim{one, b, u}, maker: n}
	n.outs = []*tensor{nil, last}
	return l.reshaped(straight(last), in.out)
}

// activations are those of the gates, of the memory and of the result, as far as a cell has them.
func (n *node) activations(a *graph.RecurrentAttr) {
	var all []kernels.Activation
	switch a.Cell {
	case kernels.LSTMCell:
		all = []kernels.Activation{a.Gate, a.Act, a.Act}
	case kernels.SimpleCell:
		all = []kernels.Activation{a.Act}
	default:
		all = []kernels.Activation{a.Gate, a.Act}
	}
	var names []string
	var alpha, beta []float32
	for _, act := range all {
		c := cellActivations[act]
		names, alpha, beta = append(names, c.name), append(alpha, c.alpha...), append(beta, c.beta...)
	}
	n.attr("activations", names)
	if alpha != nil {
		n.attr("activation_alpha", alpha)
	}
	if beta != nil {
		n.attr("activation_beta", beta)
	}
}

// A stepper builds the body of a Scan: one step of a cell for all rows.
type stepper struct {
	*lowering
	a *graph.RecurrentAttr
	// z is the projected input of the step, h and c are the states before it.
	z, h, c *tensor
	// kernel and bias are those of the state; bias is nil without one.
	kernel, bias *tensor
}

// scan computes step by step; a step that the mask excludes leaves the states as they were.
func (l *lowering) scan(a *graph.RecurrentAttr, in instr) value {
	z := in.in[0]
	steps, rows, width := z.shape[0], z.shape[1], a.U*a.Gates()
	state := []dim{rows, {n: a.U}}
	s := &stepper{lowering: l, a: a, kernel: l.plain(in.in[1])}
	if a.Bias { // that of the input and that of the state
		both := l.plain(l.reshaped(in.in[2], fixed(2, width)))
		z = straight(l.node("Add", z.shape, l.plain(z), l.node("Slice", fixed(1, width), both, l.whole64(0), l.whole64(1), l.whole64(0))))
		s.bias = l.node("Slice", fixed(1, width), both, l.whole64(1), l.whole64(2), l.whole64(0))
	}
	outer := []*tensor{l.plain(l.filled(0, state))}
	if a.Cell == kernels.LSTMCell {
		outer = append(outer, outer[0])
	}
	states := len(outer)
	outer = append(outer, l.plain(z))
	if a.Mask {
		mask := in.in[len(in.in)-1].permuted([]int{1, 0})
		outer = append(outer, l.plain(l.reshaped(mask, []dim{steps, rows, one})))
	}

	before := l.nodes
	l.nodes = nil
	body := &graphOf{name: l.unique(l.layer + "/step")}
	parameter := func(name string, dims ...dim) *tensor {
		p := &tensor{name: l.unique(l.layer + "/" + name), dims: dims}
		body.inputs = append(body.inputs, p)
		return p
	}
	s.h = parameter("state", state...)
	if states == 2 {
		s.c = parameter("memory", state...)
	}
	s.z = parameter("input", rows, dim{n: width})
	after := s.step()
	if a.Mask {
		counts := l.add("Cast", []dim{rows, one}, parameter("mask", rows, one)).attr("to", boolType).out
		for i, old := range []*tensor{s.h, s.c}[:states] {
			after[i] = l.node("Where", state, counts, after[i], old)
		}
	}
	body.outputs = append(after, l.node("Identity", state, after[0]))
	body.nodes = l.nodes
	l.nodes = before

	direction := 0
	if a.Back {
		direction = 1
	}
	inputs := len(outer) - states
	n := l.add("Scan", state, outer...).attr("body", body).attr("num_scan_inputs", inputs).
		attr("scan_input_directions", slices.Repeat([]int{direction}, inputs)).attr("scan_output_directions", []int{direction})
	all := &tensor{name: l.unique(n.name + "_all"), dims: []dim{steps, rows, {n: a.U}}, maker: n}
	if states == 2 {
		n.outs = append(n.outs, &tensor{name: l.unique(n.name + "_memory"), dims: state, maker: n})
	}
	n.outs = append(n.outs, all)
	if a.Sequences {
		return straight(all)
	}
	return straight(n.out)
}

// step are the states after the step: h, and for an LSTM c.
func (s *stepper) step() []*tensor {
	u, g := s.a.U, s.a.Gates()
	switch s.a.Cell {
	case kernels.LSTMCell:
		sums := s.sum(s.z, s.product(s.h, s.kernel, 0, g))
		i, f, o := s.gate(s.columns(sums, 0, u)), s.gate(s.columns(sums, u, 2*u)), s.gate(s.columns(sums, 3*u, 4*u))
		c := s.sum(s.times(f, s.c), s.times(i, s.act(s.columns(sums, 2*u, 3*u))))
		return []*tensor{s.times(o, s.act(c)), c}
	case kernels.GRUCell:
		gates := s.gate(s.sum(s.columns(s.z, 0, 2*u), s.product(s.h, s.kernel, 0, 2)))
		reset := s.times(s.columns(gates, u, 2*u), s.h)
		return []*tensor{s.mix(s.columns(gates, 0, u), s.act(s.sum(s.columns(s.z, 2*u, 3*u), s.product(reset, s.kernel, 2, 3))))}
	case kernels.GRUResetAfterCell:
		inner := s.product(s.h, s.kernel, 0, 3)
		if s.bias != nil {
			inner = s.sum(inner, s.bias)
		}
		gates := s.gate(s.sum(s.columns(s.z, 0, 2*u), s.columns(inner, 0, 2*u)))
		reset := s.times(s.columns(gates, u, 2*u), s.columns(inner, 2*u, 3*u))
		return []*tensor{s.mix(s.columns(gates, 0, u), s.act(s.sum(s.columns(s.z, 2*u, 3*u), reset)))}
	}
	return []*tensor{s.act(s.sum(s.z, s.product(s.h, s.kernel, 0, 1)))}
}

// mix is share·h + (1 - share)·new.
func (s *stepper) mix(share, new *tensor) *tensor {
	rest := s.node("Sub", share.dims, s.float(1), share)
	return s.sum(s.times(share, s.h), s.times(rest, new))
}

func (s *stepper) sum(x, y *tensor) *tensor   { return s.node("Add", x.dims, x, y) }
func (s *stepper) times(x, y *tensor) *tensor { return s.node("Mul", x.dims, x, y) }
func (s *stepper) gate(x *tensor) *tensor     { return s.activate(s.a.Gate, straight(x)).t }
func (s *stepper) act(x *tensor) *tensor      { return s.activate(s.a.Act, straight(x)).t }

// columns are a range of the columns of a matrix.
func (s *stepper) columns(x *tensor, from, to int) *tensor {
	return s.slice(straight(x), 1, from, to).t
}

// product is a matrix by the columns of some gates of the kernel.
func (s *stepper) product(x, kernel *tensor, from, to int) *tensor {
	u := s.a.U
	return s.node("MatMul", []dim{x.dims[0], {n: (to - from) * u}}, x, s.columns(kernel, from*u, to*u))
}
