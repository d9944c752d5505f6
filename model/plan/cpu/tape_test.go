package cpu

import (
	"math"
	"testing"

	"github.com/beamfit/beamfit/model/plan"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestPlanAgainstTapeMachine runs every test model's training graph on Gorgonia's own machine, which allocates every value
// and knows nothing of places, and compares all gradients and moving statistics with the plan's, within 1e-4 of each
// array's largest element.
func TestPlanAgainstTapeMachine(t *testing.T) {
	for _, m := range testModels() {
		t.Run(m.Name, func(t *testing.T) {
			r := newRig(t, m, 6, 23)
			_, mem := r.run(t)
			var values []*gorgonia.Value
			var reads gorgonia.Nodes
			read := func(n *gorgonia.Node) {
				v := new(gorgonia.Value)
				values = append(values, v)
				reads = append(reads, gorgonia.Read(n, v))
			}
			for _, g := range r.graph.Grads {
				read(g.Node)
			}
			for _, u := range r.graph.Updates {
				read(u.Node)
			}
			for n, v := range r.values {
				dense := tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(v))
				if err := gorgonia.Let(n, dense); err != nil {
					t.Fatal(err)
				}
			}
			machine := gorgonia.NewTapeMachine(reads[0].Graph().SubgraphRoots(reads...))
			defer machine.Close()
			if err := machine.RunAll(); err != nil {
				t.Fatal(err)
			}
			for i, g := range r.graph.Grads {
				compare(t, g.Weight.Layer+"/"+g.Weight.Name, mem.Host(r.grad(g.Weight)), (*values[i]).Data().([]float32))
			}
			for i, u := range r.graph.Updates {
				got := mem.Host(plan.Ref{Space: plan.Weights, Off: u.Weight.Offset, Len: u.Weight.Size()})
				compare(t, u.Weight.Layer+"/"+u.Weight.Name, got, (*values[len(r.graph.Grads)+i]).Data().([]float32))
			}
		})
	}
}

func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	var largest, worst float64
	for i, v := range want {
		largest = max(largest, math.Abs(float64(v)))
		worst = max(worst, math.Abs(float64(got[i])-float64(v)))
	}
	if !(worst <= 1e-4*largest) {
		t.Errorf("%s: differs by %g of %g", what, worst, largest)
	}
}
