package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func conv2DScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DWorkspace(&a.Conv2DShape)
}

func conv2D(a *graph.Conv2DAttr, o operands) call {
	x, k, bias := o.in[0], o.in[1], optional(o.in, 2)
	return func(s *plan.Step) {
		kernels.Conv2D(&a.Conv2DShape, x, k, bias, a.Then.Act, drop(a.Then.Drop, s), o.out, o.scratch)
	}
}

func conv2DInputGradScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DInputGradWorkspace(&a.Conv2DShape)
}

func conv2DInputGrad(a *graph.Conv2DAttr, o operands) call {
	dz, k := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Conv2DInputGrad(&a.Conv2DShape, dz, k, o.out, o.scratch) }
}

func conv2DKernelGradScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DKernelGradWorkspace(&a.Conv2DShape)
}

func conv2DKernelGrad(a *graph.Conv2DAttr, o operands) call {
	x, dz := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Conv2DKernelGrad(&a.Conv2DShape, x, dz, o.out, o.scratch) }
}
