package cpu

import (
	"math"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/plantest"
	"gorgonia.org/gorgonia"
)

// TestGradients compares every gradient of every test model, as the plan computes it in float32, with central differences
// of a float64 evaluation of the same graph: within 1e-4 of the element, or 1e-6 of the array's largest.
func TestGradients(t *testing.T) {
	for _, m := range testModels() {
		t.Run(m.Name, func(t *testing.T) {
			r := newRig(t, m, 5, 11)
			_, mem := r.run(t)
			exact := map[*gorgonia.Node][]float64{}
			for n, v := range r.values {
				exact[n] = float64s(v)
			}
			if len(r.graph.Grads) == 0 {
				t.Fatal("no gradients")
			}
			for _, wn := range r.graph.Grads {
				w := exact[r.graph.Weights[index(r, wn)]]
				got := mem.Host(r.grad(wn.Weight))
				want := make([]float64, len(w))
				largest := 0.0
				for i, v := range w {
					const h = 1e-5
					w[i] = v + h
					up := r.total(exact)
					w[i] = v - h
					down := r.total(exact)
					w[i] = v
					want[i] = (up - down) / (2 * h)
					largest = max(largest, math.Abs(want[i]))
				}
				if largest == 0 {
					t.Errorf("%s/%s: all differences are zero, so nothing is tested", wn.Weight.Layer, wn.Weight.Name)
				}
				for i := range want {
					if d := math.Abs(float64(got[i]) - want[i]); !(d <= 1e-4*math.Abs(want[i])+1e-6*largest) {
						t.Errorf("%s/%s[%d]: gradient %v, differences give %v", wn.Weight.Layer, wn.Weight.Name, i, got[i], want[i])
					}
				}
			}
		})
	}
}

// TestEveryOpcode fails when an opcode of the table is in no plan of the test models, or when an operation that gradients
// pass through has no reference.
func TestEveryOpcode(t *testing.T) {
	// tested in package trainer and below
	used := map[string]bool{
		plan.CodeAccumulate: true, plan.CodeBegin: true, plan.CodeClip: true, plan.CodeDecay: true, plan.CodeUpdate: true, plan.CodeAverage: true, plan.CodeConstrain: true, plan.CodeCopy: true,
	}
	for _, m := range append(testModels(), plantest.MixedModels(t)...) {
		r := newRig(t, m, 2, 1)
		p, _ := r.run(t)
		infer, err := graph.Build(r.spec, graph.Options{Batch: 2, Losses: m.LossList(t)})
		if err != nil {
			t.Fatal(err)
		}
		q, err := plan.Compile(infer, Device{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range append(p.Instrs, q.Instrs...) {
			used[in.Code] = true
		}
	}
	for code := range table {
		if !used[code] {
			t.Errorf("opcode %q is in no test model", code)
		}
	}
}

func index(r *rig, w graph.WeightNode) int {
	for i, v := range r.spec.Weights {
		if v == w.Weight {
			return i
		}
	}
	panic("no such weight")
}

func float64s(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = float64(v)
	}
	return out
}
