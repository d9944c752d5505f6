package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func matMulReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.MatMulAttr)
	out := make([]float64, op.Out.TotalSize())
	// at is element (i, j) of a matrix, transposed or not
	at := func(x []float64, start, row, i, j int, transposed bool) float64 {
		if transposed {
			i, j = j, i
		}
		return x[start+i*row+j]
	}
	for b := range a.Batch {
		for h := range a.Heads {
			for i := range a.M {
				for j := range a.N {
					sum := 0.0
					for k := range a.K {
						sum += at(in[0], b*a.A.Batch+h*a.A.Head, a.A.Row, i, k, a.TransA) *
							at(in[1], b*a.B.Batch+h*a.B.Head, a.B.Row, k, j, a.TransB)
					}
					out[b*a.C.Batch+h*a.C.Head+i*a.C.Row+j] = sum
				}
			}
		}
	}
	return out
}

func causalSoftmaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.CausalAttr)
	out := make([]float64, len(in[0]))
	for r := range a.Matrices * a.Queries {
		seen := min(r%a.Queries+1, a.N)
		copy(out[r*a.N:], softmaxReference(seen, in[0][r*a.N:r*a.N+seen]))
	}
	return out
}

func maskedSoftmaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.MaskedSoftmaxShape)
	out := make([]float64, len(in[0]))
	for r := range s.Batch * s.Heads * s.Queries {
		t, batch := r%s.Queries, r/s.Queries/s.Heads
		var seen []int
		var values []float64
		for j := range s.N {
			if in[1][(batch*s.Queries+t)*s.N+j] != 0 && (!s.Causal || j <= t) {
				seen, values = append(seen, j), append(values, in[0][r*s.N+j])
			}
		}
		for i, v := range softmaxReference(len(values), values) {
			out[r*s.N+seen[i]] = v
		}
		for j := range s.N {
			if len(seen) == 0 && !s.EmptyIsZero {
				out[r*s.N+j] = 1 / float64(s.N)
			}
		}
	}
	return out
}

func sumReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.BroadcastAttr)
	out := make([]float64, op.Out.TotalSize())
	for i, v := range in[0] {
		to, size := 0, 1
		for d := len(a.Big) - 1; d >= 0; d-- {
			if a.Small[d] > 1 {
				to += i % a.Big[d] * size
				size *= a.Small[d]
			}
			i /= a.Big[d]
		}
		out[to] += v
	}
	return out
}
