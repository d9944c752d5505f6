package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// optional is operand i, or nil where the instruction has fewer.
func optional(operands [][]float32, i int) []float32 {
	if i < len(operands) {
		return operands[i]
	}
	return nil
}

func denseScratch(a graph.DenseAttr) int {
	return divideProduct(a.M, a.N, a.K).scratch(func(cols int) int { return kernels.DenseWorkspace(a.M, cols, a.K) })
}

func dense(a graph.DenseAttr, o operands) call {
	x, w, bias := o.in[0], o.in[1], optional(o.in, 2)
	return divideProduct(a.M, a.N, a.K).call(o.scratch, func(s *plan.Step, from, to int, ws []float32) {
		kernels.DenseColumns(a.M, a.N, a.K, from, to, x, w, bias, a.Then.Act, drop(a.Then.Drop, s), o.out, ws)
	})
}

func denseInputGradScratch(a graph.DenseAttr) int {
	return divideProduct(a.M, a.K, a.N).scratch(func(cols int) int { return kernels.GemmWorkspace(false, true, a.M, cols, a.N) })
}

func denseInputGrad(a graph.DenseAttr, o operands) call {
	dz, w := o.in[0], o.in[1]
	return divideProduct(a.M, a.K, a.N).call(o.scratch, func(_ *plan.Step, from, to int, ws []float32) {
		kernels.Gemm(false, true, a.M, to-from, a.N, dz, a.N, w[from*a.N:], a.N, false, o.out[from:], a.K, ws)
	})
}

func denseKernelGradScratch(a graph.DenseAttr) int {
	return divideProduct(a.K, a.N, a.M).scratch(func(cols int) int { return kernels.GemmWorkspace(true, false, a.K, cols, a.M) })
}

func denseKernelGrad(a graph.DenseAttr, o operands) call {
	x, dz := o.in[0], o.in[1]
	return divideProduct(a.K, a.N, a.M).call(o.scratch, func(_ *plan.Step, from, to int, ws []float32) {
		kernels.Gemm(true, false, a.K, to-from, a.M, x, a.K, dz[from:], a.N, false, o.out[from:], a.N, ws)
	})
}

func activationBiasGrad(a graph.ActivationBiasGradAttr, o operands) *sweep {
	y, dy, dz, n := o.in[0], o.in[1], o.out, a.Size.N
	return withBias(n, [][]float32{y, dy, dz}, o.side[0], func(from, to int, sums []float64) {
		kernels.ActivationBiasGrad(a.Act, a.Rate, (to-from)/n, n, y[from:to], dy[from:to], dz[from:to], sums)
	})
}

func biasGrad(a graph.RowsAttr, o operands) *sweep {
	dz := o.in[0]
	return withBias(a.N, [][]float32{dz}, o.out, func(from, to int, sums []float64) {
		kernels.BiasGradSums((to-from)/a.N, a.N, dz[from:to], sums)
	})
}

// withBias is a sweep over rows of n elements that sums their columns, which are the gradient of a bias.
func withBias(n int, over [][]float32, db []float32, part func(from, to int, sums []float64)) *sweep {
	sums := make([]float64, kernels.BiasSums(n))
	return &sweep{
		n: len(over[0]), width: n, over: over,
		begin: func() { clear(sums) },
		part:  func(from, to int) { part(from, to, sums) },
		end:   func() { kernels.BiasGrad(sums, db) },
	}
}
