package graph

import (
	"fmt"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of recurrent layers. Arrays of sequences have the steps in front: T x B x U. Attr is a *RecurrentAttr.
const (
	// CodeRecurrent are the states of all steps, T x B x U, or of the last one, B x U, from (z, r, bias where Bias, mask
	// where Mask); z is the projected input. Its side results are, where the shape has Keep: the gates and the memory where
	// the cell has them, and the states of all steps where the output has not.
	CodeRecurrent = "recurrent"
	// CodeRecurrentGrad is dz from (dh, r, mask where Mask, states of all steps, gates and memory where the cell has
	// them). Its side result is the gradient of the memory of a GRUResetAfterCell.
	CodeRecurrentGrad = "recurrent.grad"
	// CodeRecurrentKernelGrad is dr from (states of all steps, dz, and for a GRUCell its memory, for a GRUResetAfterCell the
	// gradient of its memory).
	CodeRecurrentKernelGrad = "recurrent.dr"
	// CodeRecurrentBiasGrad is the gradient of a GRUResetAfterCell's bias from (dz, gradient of the memory); Attr is a
	// RecurrentBiasAttr.
	CodeRecurrentBiasGrad = "recurrent.db"
	// CodeRecurrentBfloat16, CodeRecurrentBfloat16Grad and CodeRecurrentBfloat16KernelGrad are the first three with products of bfloat16 numbers, and with
	// states that are such numbers; r is rounded.
	CodeRecurrentBfloat16           = "recurrent.bfloat16"
	CodeRecurrentBfloat16Grad       = "recurrent.bfloat16.grad"
	CodeRecurrentBfloat16KernelGrad = "recurrent.bfloat16.dr"
)

// A RecurrentAttr is the shape of a recurrent layer, which optional inputs it has, and how states are dropped from: the
// share, 0 for none, and the stream of random numbers.
type RecurrentAttr struct {
	kernels.RecurrentShape
	Bias, Mask bool
	Drop       DropoutAttr
}

// A RecurrentBiasAttr is the shape alone.
type RecurrentBiasAttr struct{ kernels.RecurrentShape }

// FLOP are the floating-point operations of the products with the states, or of those of one gradient.
func (a *RecurrentAttr) FLOP() int { return 2 * a.T * a.B * a.U * a.Gates() * a.U }

// cells is the cell of each class.
var cells = map[string]kernels.Cell{
	"GRU":       kernels.GRUCell,
	"LSTM":      kernels.LSTMCell,
	"SimpleRNN": kernels.SimpleCell,
}

// recurrentLayer is an LSTM, GRU or SimpleRNN. A sequence that runs backwards is given backwards, as in Keras.
func recurrentLayer(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Recurrent)
	x := b.permute(c.in[0], []int{1, 0, 2})
	h, err := b.withStates(c, cfg, "", x, c.in[1:])
	if err != nil || !cfg.ReturnSequences {
		return h, err
	}
	if cfg.GoBackwards {
		h = b.reverse(h)
	}
	return b.permute(h, []int{1, 0, 2}), nil
}

// bidirectional runs both layers and joins what they give, step by step in the order of time.
func bidirectional(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Bidirectional)
	x := b.permute(c.in[0], []int{1, 0, 2})
	var h [2]*gorgonia.Node
	initial := c.in[1:]
	for i, part := range cfg.Parts() {
		var err error
		if h[i], err = b.withStates(c, part.Layer, part.Prefix, x, initial[i*len(initial)/2:(i+1)*len(initial)/2]); err != nil {
			return nil, fmt.Errorf("%slayer: %w", part.Prefix, err)
		}
	}
	y := b.mergeDirections(cfg.MergeMode, h[0], h[1])
	if cfg.Forward.ReturnSequences {
		y = b.permute(y, []int{1, 0, 2})
	}
	return y, nil
}

func (b *builder) mergeDirections(mode string, x, y *gorgonia.Node) *gorgonia.Node {
	switch mode {
	case "sum":
		return b.add(x, y)
	case "mul":
		return b.multiply(x, y)
	case "ave":
		return b.scale(0.5, 0, b.add(x, y))
	}
	rows, n := rowsOf(x.Shape())
	_, m := rowsOf(y.Shape())
	out := x.Shape().Clone()
	out[out.Dims()-1] = n + m
	return b.concat(ConcatAttr{Rows: rows, Widths: []int{n, m}}, out, []*gorgonia.Node{x, y})
}

// recurrent runs a layer over x, T x B x D, with the weights of c whose names have a prefix. The result is in the order of
// time, T x B x U, or that of the last step, B x U, before masked steps become zeros.
//
// Source: keras/src/layers/rnn (lstm.py, gru.py, simple_rnn.py: call) and keras/src/backend/tensorflow/rnn.py.
func (b *builder) recurrent(c *call, cfg *keras.Recurrent, prefix string, x, mask *gorgonia.Node) (*gorgonia.Node, error) {
	act, gate, err := b.cellActivations(cfg.Kind, cfg.Activation, cfg.RecurrentActivation)
	if err != nil {
		return nil, err
	}
	in := x.Shape()
	attr := &RecurrentAttr{RecurrentShape: kernels.RecurrentShape{
		Cell: cells[cfg.Kind], T: in[0], B: in[1], U: cfg.Units, Act: act, Gate: gate,
		Back: cfg.GoBackwards, Sequences: cfg.ReturnSequences, Keep: b.o.Training,
	}, Mask: mask != nil}
	w, r, bias := b.weight(c.Layer, prefix+"kernel"), b.weight(c.Layer, prefix+"recurrent_kernel"), b.weight(c.Layer, prefix+"bias")
	stream := c.stream(cfg.Seed) + dropStreams[prefix]
	if b.trains(c) && cfg.Dropout > 0 { // the same elements at all steps
		drop := DropoutAttr{Rate: float32(cfg.Dropout), Stream: stream}
		x = b.drop(CodeDropoutBroadcast, &DropoutBroadcastAttr{drop, in, []int{1, in[1], in[2]}}, x)
	}
	if b.trains(c) && cfg.RecurrentDropout > 0 {
		attr.Drop = DropoutAttr{Rate: float32(cfg.RecurrentDropout), Stream: stream + stateStream}
	}
	if cfg.Kind == "GRU" && cfg.ResetAfter {
		attr.Cell = kernels.GRUResetAfterCell
		attr.Bias = bias != nil
		return b.steps(attr, b.affine(Epilogue{}, x, w, nil), r, bias, mask), nil
	}
	return b.steps(attr, b.affine(Epilogue{}, x, w, bias), r, nil, mask), nil
}

// Streams of the parts of a call, beside that of the call: beyond those of all calls (keras.MaxCalls).
const stateStream = 1 << 17

var dropStreams = map[string]uint64{"": 0, keras.ForwardPrefix: 0, keras.BackwardPrefix: 1 << 18}

// cellActivations are those of a cell and of its gates.
func (b *builder) cellActivations(kind, of, ofGates string) (act, gate kernels.Activation, err error) {
	if act, err = b.cellActivation(of); err != nil || kind == "SimpleRNN" {
		return act, act, err
	}
	gate, err = b.cellActivation(ofGates)
	return act, gate, err
}

// cellActivation finds an activation that gradients can be taken of from its output.
func (b *builder) cellActivation(name string) (kernels.Activation, error) {
	act, ok := b.elementwiseOf(name)
	if !ok || !act.GradFromOutput() {
		return 0, fmt.Errorf("activation %q is not supported in recurrent layers", name)
	}
	return act, nil
}

// stepCodes are the operations of layers that are mixed or not.
var stepCodes = map[bool]struct{ forward, grad, kernelGrad string }{
	false: {CodeRecurrent, CodeRecurrentGrad, CodeRecurrentKernelGrad},
	true:  {CodeRecurrentBfloat16, CodeRecurrentBfloat16Grad, CodeRecurrentBfloat16KernelGrad},
}

// steps runs the cell over the projected input.
func (b *builder) steps(attr *RecurrentAttr, z, r, bias, mask *gorgonia.Node) *gorgonia.Node {
	s := &attr.RecurrentShape
	out := tensor.Shape{s.B, s.U}
	if s.Sequences {
		out = tensor.Shape{s.T, s.B, s.U}
	}
	var side []int
	if s.Keep {
		if s.Cell != kernels.SimpleCell {
			side = append(side, s.GatesLen(), s.MemoryLen())
		}
		if !s.Sequences {
			side = append(side, s.StatesLen())
		}
	}
	codes := stepCodes[b.mixed]
	r, bias = b.multiplied(b.mixed, r), b.multiplied(b.mixed, bias)
	diff := append(all(2+count(bias)), make([]bool, count(mask))...)
	return b.apply(Op{
		Code: codes.forward, Attr: attr, Out: out, Side: side, SideInPlace: gatesInPlace(s), InPlace: -1, diff: diff,
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			states, last := out, len(side)
			if !s.Sequences {
				last--
				states = b.side(out, last)
			}
			var kept gorgonia.Nodes // gates, memory
			for i := range last {
				kept = append(kept, b.side(out, i))
			}
			dz := b.stepsGrad(codes.grad, attr, append(gorgonia.Nodes{grad, r, mask, states}, kept...), z.Shape())
			var third *gorgonia.Node
			switch s.Cell {
			case kernels.GRUCell:
				third = kept[1]
			case kernels.GRUResetAfterCell:
				third = b.side(dz, 0)
			}
			grads := gorgonia.Nodes{
				dz, b.apply(Op{Code: codes.kernelGrad, Attr: attr, Out: r.Shape(), InPlace: -1}, states, dz, third),
			}
			if bias != nil {
				db := Op{Code: CodeRecurrentBiasGrad, Attr: RecurrentBiasAttr{*s}, Out: bias.Shape(), InPlace: -1}
				grads = append(grads, b.apply(db, dz, third))
			}
			return append(grads, make(gorgonia.Nodes, len(in)-len(grads))...)
		},
	}, z, r, bias, mask)
}

// gatesInPlace lets gates that are kept take the place of the projected input.
func gatesInPlace(s *kernels.RecurrentShape) []int {
	if s.Keep && s.Cell != kernels.SimpleCell {
		return []int{0}
	}
	return nil
}

func (b *builder) stepsGrad(code string, attr *RecurrentAttr, in gorgonia.Nodes, shape tensor.Shape) *gorgonia.Node {
	op := Op{Code: code, Attr: attr, Out: shape, InPlace: -1}
	if attr.Cell != kernels.SimpleCell {
		op.InPlace = 3 + count(in[2]) // the gates, behind dh, r, the mask and the states
	}
	if attr.Cell == kernels.GRUResetAfterCell {
		op.Side = []int{attr.T * attr.B * attr.U}
	}
	return b.apply(op, in...)
}

// maskOutput makes the results of masked steps zero where the layer asks for it; they repeat the step before otherwise.
func (b *builder) maskOutput(cfg *keras.Recurrent, h, mask *gorgonia.Node) *gorgonia.Node {
	if mask == nil || !cfg.ZeroOutputForMask {
		return h
	}
	if cfg.ReturnSequences {
		return b.maskRows(h, b.permute(mask, []int{1, 0}))
	}
	last := &ConcatAttr{Rows: mask.Shape()[0], Widths: []int{mask.Shape()[1] - 1, 1}, Part: 1}
	if cfg.GoBackwards {
		last.Widths, last.Part = []int{1, mask.Shape()[1] - 1}, 0
	}
	return b.maskRows(h, b.apply(Op{Code: CodeConcatGrad, Attr: last, Out: tensor.Shape{last.Rows}, InPlace: -1}, mask))
}
