package graph

import (
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Recurrent layers whose states come from outside, or go there, and those whose products are convolutions are made step by step of operations on
// arrays. CodeRecurrent begins with states of zero and keeps the memory of an LSTM to itself.

// withStates runs a recurrent layer and adds the states after its last step to those of the call, where the layer gives them. The result is that of
// recurrent, with zeros in masked steps where the layer asks for them.
func (b *builder) withStates(c *call, cfg *keras.Recurrent, prefix string, x *gorgonia.Node, initial []*gorgonia.Node) (*gorgonia.Node, error) {
	mask := c.mask(0)
	if len(initial) > 0 || cfg.ReturnState && cfg.Kind == "LSTM" {
		return b.stepByStep(c, cfg, prefix, x, mask, initial)
	}
	h, err := b.recurrent(c, cfg, prefix, x, mask)
	if err != nil {
		return nil, err
	}
	if cfg.ReturnState {
		last := h
		if cfg.ReturnSequences {
			at := h.Shape()[0] - 1
			if cfg.GoBackwards {
				at = 0
			}
			last = b.reshape(b.taken(h, at, 1), h.Shape()[1:])
		}
		c.states = append(c.states, last)
	}
	return b.maskOutput(cfg, h, mask), nil
}

// taken are count blocks of the first dimension from one on.
func (b *builder) taken(x *gorgonia.Node, from, count int) *gorgonia.Node {
	s := x.Shape().Clone()
	lines := b.cut(b.reshape(x, tensor.Shape{1, s[0], 1, s[1:].TotalSize()}), -from, count)
	s[0] = count
	return b.reshape(lines, s)
}

// blocks are all blocks of the first dimension, each without that. They are halved again and again, so that the gradients of all of them
// together cost as many sweeps over x as there are halvings.
func (b *builder) blocks(x *gorgonia.Node) []*gorgonia.Node {
	b.g.sections.turn() // sequences may be long
	s := x.Shape()
	if s[0] == 1 {
		return []*gorgonia.Node{b.reshape(x, s[1:])}
	}
	half := s[0] / 2
	return append(b.blocks(b.taken(x, 0, half)), b.blocks(b.taken(x, half, s[0]-half))...)
}

// A stepper runs a cell over steps.
type stepper struct {
	*builder
	kind      string
	act, gate kernels.Activation
	// product is the gates that a state adds to, an array for each.
	product func(h *gorgonia.Node) []*gorgonia.Node
	// ofReset is the product with the last gate's columns, of a GRU that resets before it.
	ofReset func(h *gorgonia.Node) *gorgonia.Node
	// drop is what recurrent dropout leaves of a state.
	drop func(h *gorgonia.Node) *gorgonia.Node
}

// step is the state, and for an LSTM its memory, after a step with the gates z.
//
// Source: keras/src/layers/rnn: lstm.py, gru.py, simple_rnn.py, conv_lstm.py, the cells' call.
func (s *stepper) step(z, before []*gorgonia.Node) []*gorgonia.Node {
	h := s.drop(before[0])
	switch s.kind {
	case "LSTM":
		p := s.product(h)
		gate := func(i int, act kernels.Activation) *gorgonia.Node { return s.activation(s.add(z[i], p[i]), act) }
		c := s.add(s.multiply(gate(1, s.gate), before[1]), s.multiply(gate(0, s.gate), gate(2, s.act)))
		return []*gorgonia.Node{s.multiply(gate(3, s.gate), s.activation(c, s.act)), c}
	case "GRU":
		p := s.product(h)
		update, reset := s.activation(s.add(z[0], p[0]), s.gate), s.activation(s.add(z[1], p[1]), s.gate)
		var inner *gorgonia.Node
		if s.ofReset != nil {
			inner = s.ofReset(s.multiply(reset, h))
		} else {
			inner = s.multiply(reset, p[2])
		}
		candidate := s.activation(s.add(z[2], inner), s.act)
		return []*gorgonia.Node{s.add(candidate, s.multiply(update, s.subtract(before[0], candidate)))}
	}
	return []*gorgonia.Node{s.activation(s.add(z[0], s.product(h)[0]), s.act)}
}

// run makes all steps in their order, which back turns around, of gates that lie step by step, and gives the results of all steps in the order
// of time and the states after the last one. A masked step leaves the states as they were; its result is that of the step before, or zeros.
func (s *stepper) run(z [][]*gorgonia.Node, states []*gorgonia.Node, mask *gorgonia.Node, back bool) (results, last []*gorgonia.Node) {
	results = make([]*gorgonia.Node, len(z))
	var result, counted *gorgonia.Node
	if mask != nil {
		counted = s.permute(mask, []int{1, 0})
	}
	for i := range z {
		t := i
		if back {
			t = len(z) - 1 - i
		}
		s.g.sections.turn()
		next := s.step(z[t], states)
		if s.mixed {
			for k := range next {
				next[k] = s.between(next[k])
			}
		}
		if mask == nil {
			results[t], states = next[0], next
			continue
		}
		counts := s.reshape(s.taken(counted, t, 1), tensor.Shape{mask.Shape()[0]})
		rest := s.scale(-1, 1, counts)
		chosen := func(new, old *gorgonia.Node) *gorgonia.Node {
			return s.add(s.maskRows(new, counts), s.maskRows(old, rest))
		}
		if result == nil { // before the first step that counts the result is zero, whatever the state
			result = s.maskRows(next[0], counts)
		} else {
			result = chosen(next[0], result)
		}
		after := make([]*gorgonia.Node, len(states))
		for k := range states {
			after[k] = chosen(next[k], states[k])
		}
		results[t], states = result, after
	}
	return results, states
}

// gathered is the result of all steps, T x ..., or of the last one.
func (b *builder) gathered(results []*gorgonia.Node, sequences, back bool) *gorgonia.Node {
	if !sequences {
		if back {
			return results[0]
		}
		return results[len(results)-1]
	}
	for i, r := range results {
		results[i] = b.reshape(r, append(tensor.Shape{1}, r.Shape()...))
	}
	if len(results) == 1 {
		return results[0]
	}
	return b.join(results, 0)
}

// stepByStep is a recurrent layer as withStates runs it, from states of its own or those of its call.
func (b *builder) stepByStep(c *call, cfg *keras.Recurrent, prefix string, x, mask *gorgonia.Node, initial []*gorgonia.Node) (*gorgonia.Node, error) {
	s := &stepper{builder: b, kind: cfg.Kind}
	var err error
	if s.act, s.gate, err = b.cellActivations(cfg.Kind, cfg.Activation, cfg.RecurrentActivation); err != nil {
		return nil, err
	}
	in, u := x.Shape(), cfg.Units
	w, r, bias := b.weight(c.Layer, prefix+"kernel"), b.weight(c.Layer, prefix+"recurrent_kernel"), b.weight(c.Layer, prefix+"bias")
	gates := w.Shape()[1] / u
	stream := c.stream(cfg.Seed) + dropStreams[prefix]
	s.drop = b.stateDropout(c, cfg.RecurrentDropout, stream)
	if b.trains(c) && cfg.Dropout > 0 { // the same elements at all steps
		drop := DropoutAttr{Rate: float32(cfg.Dropout), Stream: stream}
		x = b.drop(CodeDropoutBroadcast, &DropoutBroadcastAttr{drop, in, []int{1, in[1], in[2]}}, x)
	}
	ofInput, ofState := bias, (*gorgonia.Node)(nil)
	if cfg.Kind == "GRU" && cfg.ResetAfter && bias != nil {
		both := b.blocks(bias)
		ofInput, ofState = both[0], both[1]
	}
	byGate := func(y *gorgonia.Node) []*gorgonia.Node { // B x gates·U
		rows := y.Shape()[0]
		return b.blocks(b.permute(b.reshape(y, tensor.Shape{rows, y.Shape()[1] / u, u}), []int{1, 0, 2}))
	}
	s.product = func(h *gorgonia.Node) []*gorgonia.Node { return byGate(b.affine(Epilogue{}, h, r, ofState)) }
	if cfg.Kind == "GRU" && !cfg.ResetAfter {
		columns := b.blocks(b.permute(b.reshape(r, tensor.Shape{u, gates, u}), []int{1, 0, 2}))
		s.product = func(h *gorgonia.Node) []*gorgonia.Node {
			return []*gorgonia.Node{b.affine(Epilogue{}, h, columns[0], nil), b.affine(Epilogue{}, h, columns[1], nil)}
		}
		s.ofReset = func(h *gorgonia.Node) *gorgonia.Node { return b.affine(Epilogue{}, h, columns[2], nil) }
	}
	z := b.affine(Epilogue{}, x, w, ofInput)
	all := b.blocks(b.reshape(b.permute(b.reshape(z, tensor.Shape{in[0], in[1], gates, u}), []int{0, 2, 1, 3}), tensor.Shape{in[0] * gates, in[1], u}))
	states := initial
	if len(states) == 0 {
		zero := b.fill(0, all[0])
		states = []*gorgonia.Node{zero, zero}[:cfg.NumStates()]
	}
	results, last := s.run(slices.Collect(slices.Chunk(all, gates)), states, mask, cfg.GoBackwards)
	if cfg.ReturnState {
		c.states = append(c.states, last...)
	}
	return b.maskOutput(cfg, b.gathered(results, cfg.ReturnSequences, cfg.GoBackwards), mask), nil
}

// stateDropout is the dropout from states: the same elements at all steps.
func (b *builder) stateDropout(c *call, rate float64, stream uint64) func(*gorgonia.Node) *gorgonia.Node {
	if !b.trains(c) || rate == 0 {
		return func(h *gorgonia.Node) *gorgonia.Node { return h }
	}
	attr := DropoutAttr{Rate: float32(rate), Stream: stream + stateStream}
	return func(h *gorgonia.Node) *gorgonia.Node { return b.drop(CodeDropout, attr, h) }
}

// convLSTM convolves the images of all steps at once, and those of the states step by step.
//
// Source: keras/src/layers/rnn/conv_lstm.py.
func convLSTM(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.ConvLSTM)
	s := &stepper{builder: b, kind: "LSTM"}
	var err error
	if s.act, s.gate, err = b.cellActivations(s.kind, cfg.Activation, cfg.RecurrentActivation); err != nil {
		return nil, err
	}
	x := c.in[0]
	in := x.Shape()
	rows, steps := in[0], in[1]
	if cfg.Line {
		in = tensor.Shape{rows, steps, in[2], 1, in[3]}
		x = b.reshape(x, in)
	}
	stream := c.stream(cfg.Seed)
	s.drop = b.stateDropout(c, cfg.RecurrentDropout, stream)
	if b.trains(c) && cfg.Dropout > 0 { // the same elements at all steps
		drop := DropoutAttr{Rate: float32(cfg.Dropout), Stream: stream}
		x = b.drop(CodeDropoutBroadcast, &DropoutBroadcastAttr{drop, in, []int{rows, 1, in[2], in[3], in[4]}}, x)
	}
	z := b.conv(cfg.Input(), Epilogue{}, b.slices(x), b.weight(c.Layer, "kernel"), b.weight(c.Layer, "bias"))
	height, width := z.Shape()[1], z.Shape()[2]
	pixels := height * width
	z = b.permute(b.reshape(z, tensor.Shape{rows, steps, pixels, 4, cfg.Filters}), []int{1, 3, 0, 2, 4})
	all := b.blocks(b.reshape(z, tensor.Shape{steps * 4, rows, pixels, cfg.Filters}))
	r, convolution := b.weight(c.Layer, "recurrent_kernel"), cfg.Recurrent()
	s.product = func(h *gorgonia.Node) []*gorgonia.Node {
		y := b.conv(convolution, Epilogue{}, b.reshape(h, tensor.Shape{rows, height, width, cfg.Filters}), r, nil)
		return b.blocks(b.permute(b.reshape(y, tensor.Shape{rows, pixels, 4, cfg.Filters}), []int{2, 0, 1, 3}))
	}
	shape := all[0].Shape()
	var states []*gorgonia.Node
	for _, given := range c.in[1:] {
		states = append(states, b.reshape(given, shape))
	}
	if states == nil {
		zero := b.fill(0, all[0])
		states = []*gorgonia.Node{zero, zero}
	}
	results, last := s.run(slices.Collect(slices.Chunk(all, 4)), states, nil, cfg.GoBackwards)
	state := tensor.Shape{rows, height, width, cfg.Filters}
	if cfg.Line {
		state = tensor.Shape{rows, height, cfg.Filters}
	}
	for _, n := range last {
		if cfg.ReturnState {
			c.states = append(c.states, b.reshape(n, state))
		}
	}
	y := b.gathered(results, cfg.ReturnSequences, cfg.GoBackwards)
	if !cfg.ReturnSequences {
		return b.reshape(y, b.outShape(c)), nil
	}
	if cfg.GoBackwards {
		y = b.reverse(y)
	}
	return b.reshape(b.permute(y, []int{1, 0, 2, 3}), b.outShape(c)), nil
}
