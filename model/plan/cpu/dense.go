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

func denseScratch(attr any) int {
	a := attr.(graph.DenseAttr)
	return kernels.DenseWorkspace(a.M, a.N, a.K)
}

func dense(attr any, o operands) call {
	a, x, w, bias := attr.(graph.DenseAttr), o.in[0], o.in[1], optional(o.in, 2)
	return func(*plan.Step) { kernels.Dense(a.M, a.N, a.K, x, w, bias, a.Act, o.out, o.scratch) }
}

func denseInputGradScratch(attr any) int {
	a := attr.(graph.DenseAttr)
	return kernels.GemmWorkspace(false, true, a.M, a.K, a.N)
}

func denseInputGrad(attr any, o operands) call {
	a, dz, w := attr.(graph.DenseAttr), o.in[0], o.in[1]
	return func(*plan.Step) {
		kernels.Gemm(false, true, a.M, a.K, a.N, dz, a.N, w, a.N, false, o.out, a.K, o.scratch)
	}
}

func denseKernelGradScratch(attr any) int {
	a := attr.(graph.DenseAttr)
	return kernels.GemmWorkspace(true, false, a.K, a.N, a.M)
}

func denseKernelGrad(attr any, o operands) call {
	a, x, dz := attr.(graph.DenseAttr), o.in[0], o.in[1]
	return func(*plan.Step) {
		kernels.Gemm(true, false, a.K, a.N, a.M, x, a.K, dz, a.N, false, o.out, a.N, o.scratch)
	}
}

func biasGrad(attr any, o operands) call {
	a, dz := attr.(graph.RowsAttr), o.in[0]
	return func(*plan.Step) { kernels.BiasGrad(a.Rows, a.N, dz, o.out) }
}
