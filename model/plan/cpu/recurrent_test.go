package cpu

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// recurrentReference steps row by row.
func recurrentReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.RecurrentAttr)
	u, gates := a.U, a.Gates()
	scratch := make([]float32, drops(a))
	drop, draw := cutDrops(a, &scratch)
	draw(s)
	z, r := in[0], in[1]
	var mask []float64
	if a.Mask {
		mask = in[len(in)-1]
	}
	out := make([]float64, a.T*a.B*u)
	for b := range a.B {
		h, c := make([]float64, u), make([]float64, u)
		for i := range a.T {
			t := i
			if a.Back {
				t = a.T - 1 - i
			}
			if mask == nil || mask[b*a.T+t] != 0 {
				// product is the sum over the state, or what takes its place, for unit j of a gate
				product := func(state []float64, gate, j int) float64 {
					var sum float64
					for k, v := range state {
						if drop != nil {
							v *= float64(drop[(gate*a.B+b)*u+k])
						}
						sum += v * r[k*gates*u+gate*u+j]
					}
					return sum
				}
				input := func(gate, j int) float64 { return z[(t*a.B+b)*gates*u+gate*u+j] }
				h, c = cellReference(a, in, h, c, input, product)
			}
			copy(out[(t*a.B+b)*u:], h)
		}
	}
	switch {
	case a.Sequences:
		return out
	case a.Back:
		return out[:a.B*u]
	}
	return out[(a.T-1)*a.B*u:]
}

// cellReference is one step of one row.
func cellReference(a *graph.RecurrentAttr, in [][]float64, h, c []float64, input func(gate, j int) float64, product func(state []float64, gate, j int) float64) (newH, newC []float64) {
	newH, newC = make([]float64, a.U), make([]float64, a.U)
	reset := make([]float64, a.U)
	bias := func(row, gate, j int) float64 {
		if !a.Bias {
			return 0
		}
		return in[2][(row*a.Gates()+gate)*a.U+j]
	}
	gate := func(g, j int) float64 {
		return activate(a.Gate, input(g, j)+bias(0, g, j)+product(h, g, j)+bias(1, g, j))
	}
	for j := range a.U {
		if a.Cell == kernels.GRUCell {
			reset[j] = h[j] * gate(1, j)
		}
	}
	for j := range a.U {
		switch a.Cell {
		case kernels.SimpleCell:
			newH[j] = activate(a.Act, input(0, j)+product(h, 0, j))
		case kernels.LSTMCell:
			newC[j] = gate(1, j)*c[j] + gate(0, j)*activate(a.Act, input(2, j)+product(h, 2, j))
			newH[j] = gate(3, j) * activate(a.Act, newC[j])
		default:
			inner := gate(1, j) * (product(h, 2, j) + bias(1, 2, j))
			if a.Cell == kernels.GRUCell {
				inner = product(reset, 2, j)
			}
			update := gate(0, j)
			newH[j] = update*h[j] + (1-update)*activate(a.Act, input(2, j)+bias(0, 2, j)+inner)
		}
	}
	return newH, newC
}

func maskReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.MaskAttr)
	out := make([]float64, a.Rows)
	for r := range out {
		for _, v := range in[0][r*a.N : (r+1)*a.N] {
			if v != float64(a.Value) {
				out[r] = 1
			}
		}
	}
	return out
}

func fillReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	return slices.Repeat([]float64{float64(op.Attr.(graph.FillAttr).Value)}, len(in[0]))
}

func constantReference(op *graph.Op, _ *plan.Step, _ [][]float64) []float64 {
	a := op.Attr.(*graph.ConstantAttr)
	out := make([]float64, 0, a.Rows*len(a.Values))
	for range a.Rows {
		for _, v := range a.Values {
			out = append(out, float64(v))
		}
	}
	return out
}

func maskRowsReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.RowsAttr)
	out := make([]float64, len(in[0]))
	for i, v := range in[0] {
		out[i] = v * in[1][i/a.N]
	}
	return out
}

func maskedMeanReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.MaskedMeanAttr)
	out := make([]float64, a.Rows*a.N)
	for r := range a.Rows {
		var count float64
		for _, m := range in[1][r*a.Steps : (r+1)*a.Steps] {
			count += m
		}
		for t, m := range in[1][r*a.Steps : (r+1)*a.Steps] {
			for j := range a.N {
				out[r*a.N+j] += m * in[0][(r*a.Steps+t)*a.N+j] / count
			}
		}
	}
	return out
}

func reverseReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.RowsAttr)
	var out []float64
	for i := a.Rows - 1; i >= 0; i-- {
		out = append(out, in[0][i*a.N:(i+1)*a.N]...)
	}
	return out
}

// partReference is one of the matrices side by side.
func partReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.ConcatAttr)
	total, at := 0, 0
	for i, w := range a.Widths {
		if i < a.Part {
			at += w
		}
		total += w
	}
	var out []float64
	for r := range a.Rows {
		out = append(out, in[0][r*total+at:][:a.Widths[a.Part]]...)
	}
	return out
}

// TestRecurrentTakesOver: the gates of all steps lie where the projected input was, and their gradients take their place.
func TestRecurrentTakesOver(t *testing.T) {
	m := newModel("lstm", sequential(12, `Reshape {"target_shape":[4,3]}`, `Dense {"units":3}`, `LSTM {"units":2}`,
		`Dense {"units":3,"activation":"softmax"}`), cce)
	p, _ := newRig(t, m, 5, 1).run(t)
	var places []plan.Ref
	for _, in := range p.Instrs {
		switch in.Code {
		case graph.CodeRecurrent:
			places = append(places, in.In[0], in.Side[0])
		case graph.CodeRecurrentGrad:
			places = append(places, in.In[3], in.Out)
		}
	}
	if len(places) != 4 || len(slices.Compact(places)) != 1 {
		t.Errorf("projected input, gates, gates and gradients lie at %v", places)
	}
}

// TestMaskedDecoders: the networks that pass states on have steps that do not count.
func TestMaskedDecoders(t *testing.T) {
	decoders := 0
	for _, m := range testModels() {
		if !strings.HasPrefix(m.Name, "decoder ") {
			continue
		}
		decoders++
		g, err := graph.Build(m.Spec(t), graph.Options{Batch: 2})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(g, Device{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(p.Instrs, func(in plan.Instr) bool { return in.Code == graph.CodeMaskRows && in.Layer == "d" }) {
			t.Errorf("%s: no step of the decoder is masked", m.Name)
		}
	}
	if decoders == 0 {
		t.Error("there are none")
	}
}
