package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func standardise(a graph.NormAttr, o operands) call {
	x, factor := o.in[0], o.side[0]
	return func(*plan.Step) { kernels.Standardise(a.Rows, a.N, a.Epsilon, x, o.out, factor) }
}

func standardiseGrad(a graph.NormAttr, o operands) call {
	y, dy, factor := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.StandardiseGrad(a.Rows, a.N, y, dy, factor, o.out) }
}

func unit(a graph.NormAttr, o operands) call {
	x, factor := o.in[0], o.side[0]
	return func(*plan.Step) { kernels.Unit(a.Rows, a.N, a.Epsilon, x, o.out, factor) }
}

func unitGrad(a graph.NormAttr, o operands) call {
	y, dy, factor := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.UnitGrad(a.Rows, a.N, y, dy, factor, o.out) }
}

func rms(a graph.NormAttr, o operands) call {
	x, factor := o.in[0], o.side[0]
	return func(*plan.Step) { kernels.RMS(a.Rows, a.N, a.Epsilon, x, o.out, factor) }
}

func rmsGrad(a graph.NormAttr, o operands) call {
	y, dy, factor := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.RMSGrad(a.Rows, a.N, y, dy, factor, o.out) }
}
