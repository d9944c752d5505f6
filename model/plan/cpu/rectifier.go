package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func ramp(attr any, o operands) call {
	r, x := attr.(kernels.Ramp), o.in[0]
	return func(*plan.Step) { r.Apply(x, o.out) }
}

func rampGrad(attr any, o operands) call {
	r, x, dy := attr.(kernels.Ramp), o.in[0], o.in[1]
	return func(*plan.Step) { r.Grad(x, dy, o.out) }
}

func elu(attr any, o operands) call {
	a, x := attr.(graph.ELUAttr), o.in[0]
	return func(*plan.Step) { kernels.ScaledELU(a.Alpha, x, o.out) }
}

func eluGrad(attr any, o operands) call {
	a, y, dy := attr.(graph.ELUAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ScaledELUGrad(a.Alpha, y, dy, o.out) }
}
