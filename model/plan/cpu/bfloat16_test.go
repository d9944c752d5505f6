package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/plantest"
)

// TestMixedGradients compares the gradients of networks of mixed_bfloat16 with those of the same networks in float32. A rounding moves a number by up to
// 2⁻⁹ of it. The test networks round a value some four times on its way, layers of a few units average little of that out, and so a half of them are
// within 2⁻⁶, as a share of the length of an array's gradient. A maximum, a ReLU or the number of a word that falls to the other side moves single
// rows by much more, which the bound of all allows for.
func TestMixedGradients(t *testing.T) {
	models := testModels()
	var apart []float64
	for i, m := range plantest.MixedModels(t) {
		r, exact := newRig(t, m, 6, 23), newRig(t, models[i], 6, 23)
		_, mem := r.run(t)
		_, other := exact.run(t)
		worst := 0.0
		for _, wn := range r.graph.Grads {
			worst = max(worst, distance(mem.Host(r.grad(wn.Weight)), other.Host(r.grad(wn.Weight))))
		}
		if !(worst <= 0.25) {
			t.Errorf("%s: a gradient is %.3f of its length apart", m.Name, worst)
		}
		if worst == 0 {
			t.Errorf("%s: the gradients are those of float32", m.Name)
		}
		apart = append(apart, worst)
	}
	slices.Sort(apart)
	if half := apart[len(apart)/2]; half > 1.0/64 {
		t.Errorf("half of the networks are %.4f or more apart", half)
	}
}

// distance is that of two arrays as a share of the length of the second.
func distance(got, want []float32) float64 {
	var d, n float64
	for i := range got {
		d += math.Pow(float64(got[i])-float64(want[i]), 2)
		n += math.Pow(float64(want[i]), 2)
	}
	return math.Sqrt(d / n)
}

// multiplied are the operands of products by opcode.
var multiplied = map[string][]int{
	graph.CodeDense: {0, 1, 2}, graph.CodeDenseInputGrad: {0, 1}, graph.CodeDenseKernelGrad: {0, 1},
	graph.CodeConv2D: {0, 1, 2}, graph.CodeConv2DInputGrad: {0, 1}, graph.CodeConv2DKernelGrad: {0, 1},
	graph.CodeMatMul: {0, 1}, graph.CodeRecurrentBfloat16: {1, 2}, graph.CodeRecurrentBfloat16Grad: {1},
	graph.CodeRecurrentBfloat16KernelGrad: {0, 1},
}

// TestMixedProducts: what products multiply, and what networks predict, are bfloat16 numbers.
func TestMixedProducts(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range plantest.MixedModels(t) {
		r := newRig(t, m, 4, 5)
		infer, err := graph.Build(r.spec, graph.Options{Batch: 4, Losses: m.LossList(t)})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range []*graph.Graph{r.graph, infer} {
			p, err := plan.Compile(g, Device{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			mem := r.memory(t, p)
			for i := range p.Instrs {
				in := &p.Instrs[i]
				for _, k := range multiplied[in.Code] {
					seen[in.Code] = true
					if k < len(in.In) && !isBfloat16(mem.Host(in.In[k])) {
						t.Errorf("%s: operand %d of %v is not rounded", m.Name, k, in)
					}
				}
				r.make(t, &plan.Plan{Instrs: p.Instrs[i : i+1]}, mem)
			}
			for i, out := range p.Outputs {
				if !isBfloat16(mem.Host(out)) {
					t.Errorf("%s: output %d is not rounded", m.Name, i)
				}
			}
		}
	}
	for code := range multiplied {
		if !seen[code] {
			t.Errorf("no network has %s", code)
		}
	}
}

func isBfloat16(x []float32) bool {
	rounded := make([]float32, len(x))
	kernels.RoundBfloat16(x, rounded)
	return slices.EqualFunc(x, rounded, func(a, b float32) bool { return a == b || a != a })
}
