package cpu

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/plantest"
)

func resampleReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.ResampleShape)
	oh, ow := len(s.Rows.First), len(s.Columns.First)
	out := make([]float64, op.Out.TotalSize())
	for i := range out {
		c, x, y, n := i%s.C, i/s.C%ow, i/s.C/ow%oh, i/s.C/ow/oh
		for k, wy := range s.Rows.Weights[y] {
			for l, wx := range s.Columns.Weights[x] {
				at := ((n*s.H+s.Rows.First[y]+k)*s.W+s.Columns.First[x]+l)*s.C + c
				out[i] += float64(wy) * float64(wx) * in[0][at]
			}
		}
	}
	return out
}

func globalMaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.GlobalMaxAttr)
	out := slices.Repeat([]float64{math.Inf(-1)}, a.Batch*a.C)
	for i, v := range in[0] {
		to := i/a.C/a.Pixels*a.C + i%a.C
		out[to] = max(out[to], v)
	}
	return out
}

func sparsemaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	n := op.Attr.(graph.RowsAttr).N
	out := slices.Clone(in[0])
	for start := 0; start < len(out); start += n {
		sorted := slices.Clone(out[start : start+n])
		slices.Sort(sorted)
		slices.Reverse(sorted)
		var cumulated, sum, k float64
		for j, z := range sorted {
			if cumulated += z; z > (cumulated-1)/float64(j+1) {
				sum += cumulated
				k++
			}
		}
		for i := range n {
			out[start+i] = max(out[start+i]-(sum-1)/k, 0)
		}
	}
	return out
}

// permutations counts the steps of a plan that reorder dimensions.
func permutations(p *plan.Plan) int {
	n := 0
	for _, in := range p.Instrs {
		if strings.HasPrefix(in.Code, graph.CodePermute) {
			n++
		}
	}
	return n
}

// TestChannelsFirstPaysAtTheEnds: in a network with channels first, only its input and what a Flatten takes are reordered; in
// training the gradient of the latter too.
func TestChannelsFirstPaysAtTheEnds(t *testing.T) {
	want := map[string][2]int{"channels first": {2, 3}, "channels first branches": {1, 1}}
	for _, m := range plantest.ImageModels() {
		n, ok := want[m.Name]
		if !ok {
			continue
		}
		r := newRig(t, m, 2, 1)
		infer, err := graph.Build(r.spec, graph.Options{Batch: 2})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(infer, Device{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, _ := r.run(t)
		if got := [2]int{permutations(p), permutations(q)}; got != n {
			t.Errorf("%s: %v permutations in inference and training, want %v", m.Name, got, n)
		}
	}
}
