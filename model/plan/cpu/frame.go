package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func frame(attr any, o operands) call {
	s, x := attr.(*kernels.FrameShape), o.in[0]
	return func(*plan.Step) { kernels.Frame(s, x, o.out) }
}
