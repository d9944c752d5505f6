package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func ramp(r kernels.Ramp, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { r.Apply(x, o.out) }
}

func rampGrad(r kernels.Ramp, o operands) call {
	x, dy := o.in[0], o.in[1]
	return func(*plan.Step) { r.Grad(x, dy, o.out) }
}

func elu(a graph.ELUAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.ScaledELU(a.Alpha, x, o.out) }
}

func eluGrad(a graph.ELUAttr, o operands) call {
	y, dy := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ScaledELUGrad(a.Alpha, y, dy, o.out) }
}
