package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func matMulScratch(a *graph.MatMulAttr) int {
	return kernels.MatMulWorkspace(&a.MatMulShape)
}

func matMul(a *graph.MatMulAttr, o operands) call {
	s, x, y := &a.MatMulShape, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MatMul(s, x, y, o.out, o.scratch) }
}

func causalSoftmax(a graph.CausalAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.CausalSoftmax(a.Matrices, a.Queries, a.N, x, o.out) }
}

func maskedSoftmax(s *kernels.MaskedSoftmaxShape, o operands) call {
	x, mask := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedSoftmax(s, x, mask, o.out) }
}

func maskedSoftmaxGrad(s *kernels.MaskedSoftmaxShape, o operands) call {
	y, dy, mask := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.MaskedSoftmaxGrad(s, y, dy, mask, o.out) }
}
