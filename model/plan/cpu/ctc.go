package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func ctc(attr any, o operands) call {
	s, x, y := attr.(kernels.CTCShape), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.CTC(s, x, y, o.out, o.scratch) }
}

func ctcScratch(attr any) int { return kernels.CTCWorkspace(attr.(kernels.CTCShape)) }

func ctcGrad(attr any, o operands) call {
	s, x, y, scale := attr.(kernels.CTCShape), o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.CTCGrad(s, x, y, scale, o.out, o.scratch) }
}

func ctcGradScratch(attr any) int { return kernels.CTCGradWorkspace(attr.(kernels.CTCShape)) }
