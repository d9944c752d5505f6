package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/plan"
)

// TestSections cuts the graph of every test model behind every layer and behind every few: gradients and moving statistics are
// the same, bit for bit, as those of one expression graph.
func TestSections(t *testing.T) {
	// More penalties than one operation adds up.
	layers := slices.Repeat([]string{`Dense {"units":4,"activation":"tanh","activity_regularizer":{"class_name":"L2","config":{"l2":0.1}}}`}, 70)
	penalties := newModel("penalties", sequential(4, append(layers, `Dense {"units":3,"activation":"softmax"}`)...), cce)
	for _, m := range append(testModels(), penalties) {
		t.Run(m.Name, func(t *testing.T) {
			whole := newRig(t, m, 6, 23)
			_, want := whole.run(t)
			for _, nodes := range []int{1, 12} {
				cut := newRigOf(t, m, 6, 23, nodes)
				if nodes == 1 && cut.graph.Inputs[0].Graph() == cut.graph.RowLosses[0].Graph() {
					t.Fatal("the graph is not cut")
				}
				if len(cut.graph.Grads) != len(whole.graph.Grads) || len(cut.graph.Updates) != len(whole.graph.Updates) {
					t.Fatalf("sections of %d nodes: %d gradients and %d new values, want %d and %d", nodes,
						len(cut.graph.Grads), len(cut.graph.Updates), len(whole.graph.Grads), len(whole.graph.Updates))
				}
				_, got := cut.run(t)
				for i, g := range cut.graph.Grads {
					if w := whole.graph.Grads[i].Weight.Name; w != g.Weight.Name {
						t.Fatalf("gradient %d is of %s, want %s", i, g.Weight.Name, w)
					}
					equalBits(t, g.Weight.Layer+"/"+g.Weight.Name, got.Host(cut.grad(g.Weight)), want.Host(cut.grad(g.Weight)))
				}
				for _, u := range cut.graph.Updates {
					at := plan.Ref{Space: plan.Weights, Off: u.Weight.Offset, Len: u.Weight.Size()}
					equalBits(t, u.Weight.Layer+"/"+u.Weight.Name, got.Host(at), want.Host(at))
				}
			}
		})
	}
}

func equalBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) || want[i] != want[i] {
			t.Fatalf("%s: element %d is %v, in one expression graph %v", what, i, got[i], want[i])
		}
	}
}
