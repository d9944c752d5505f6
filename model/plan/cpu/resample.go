package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func resampleScratch(attr any) int { return kernels.ResampleWorkspace(attr.(*kernels.ResampleShape)) }

func resample(attr any, o operands) call {
	s, x := attr.(*kernels.ResampleShape), o.in[0]
	return func(*plan.Step) { kernels.Resample(s, x, o.out, o.scratch) }
}

func resampleGrad(attr any, o operands) call {
	s, dy := attr.(*kernels.ResampleShape), o.in[0]
	return func(*plan.Step) { kernels.ResampleGrad(s, dy, o.out, o.scratch) }
}
