package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func matMulScratch(attr any) int {
	return kernels.MatMulWorkspace(&attr.(*graph.MatMulAttr).MatMulShape)
}

func matMul(attr any, o operands) call {
	s, x, y := &attr.(*graph.MatMulAttr).MatMulShape, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MatMul(s, x, y, o.out, o.scratch) }
}

func causalSoftmax(attr any, o operands) call {
	a, x := attr.(graph.CausalAttr), o.in[0]
	return func(*plan.Step) { kernels.CausalSoftmax(a.Matrices, a.Queries, a.N, x, o.out) }
}

func maskedSoftmax(attr any, o operands) call {
	s, x, mask := attr.(*kernels.MaskedSoftmaxShape), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedSoftmax(s, x, mask, o.out) }
}

func maskedSoftmaxGrad(attr any, o operands) call {
	s, y, dy, mask := attr.(*kernels.MaskedSoftmaxShape), o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.MaskedSoftmaxGrad(s, y, dy, mask, o.out) }
}
