package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func conv2DScratch(attr any) int {
	return kernels.Conv2DWorkspace(&attr.(*graph.Conv2DAttr).Conv2DShape)
}

func conv2D(attr any, o operands) call {
	a, x, k, bias := attr.(*graph.Conv2DAttr), o.in[0], o.in[1], optional(o.in, 2)
	return func(s *plan.Step) {
		kernels.Conv2D(&a.Conv2DShape, x, k, bias, a.Then.Act, drop(a.Then.Drop, s), o.out, o.scratch)
	}
}

func conv2DInputGradScratch(attr any) int {
	return kernels.Conv2DInputGradWorkspace(&attr.(*graph.Conv2DAttr).Conv2DShape)
}

func conv2DInputGrad(attr any, o operands) call {
	a, dz, k := attr.(*graph.Conv2DAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Conv2DInputGrad(&a.Conv2DShape, dz, k, o.out, o.scratch) }
}

func conv2DKernelGradScratch(attr any) int {
	return kernels.Conv2DKernelGradWorkspace(&attr.(*graph.Conv2DAttr).Conv2DShape)
}

func conv2DKernelGrad(attr any, o operands) call {
	a, x, dz := attr.(*graph.Conv2DAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Conv2DKernelGrad(&a.Conv2DShape, x, dz, o.out, o.scratch) }
}
