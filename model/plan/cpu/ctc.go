package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func ctc(s kernels.CTCShape, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.CTC(s, x, y, o.out, o.scratch) }
}

func ctcGrad(s kernels.CTCShape, o operands) call {
	x, y, scale := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.CTCGrad(s, x, y, scale, o.out, o.scratch) }
}
