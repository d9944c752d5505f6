package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func resample(s *kernels.ResampleShape, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.Resample(s, x, o.out, o.scratch) }
}

func resampleGrad(s *kernels.ResampleShape, o operands) call {
	dy := o.in[0]
	return func(*plan.Step) { kernels.ResampleGrad(s, dy, o.out, o.scratch) }
}
