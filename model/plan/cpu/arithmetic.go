package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func scale(attr any, o operands) call {
	a, x := attr.(graph.ScaleAttr), o.in[0]
	return func(*plan.Step) { kernels.Affine(a.Factor, a.Offset, x, o.out) }
}

func multiply(_ any, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Mul(x, y, o.out) }
}

func extremum(attr any, o operands) call {
	a, x, y := attr.(graph.ExtremumAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Extremum(a.Min, x, y, o.out) }
}

func extremumGrad(attr any, o operands) call {
	a, x, y, dz := attr.(graph.ExtremumAttr), o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.ExtremumGrad(a.Min, a.Second, x, y, dz, o.out) }
}

func concat(attr any, o operands) call {
	a := attr.(*graph.ConcatAttr)
	return func(*plan.Step) { kernels.Concat(a.Rows, a.Widths, o.in, o.out) }
}

func concatGrad(attr any, o operands) call {
	a, dy := attr.(*graph.ConcatAttr), o.in[0]
	return func(*plan.Step) { kernels.ConcatGrad(a.Rows, a.Widths, a.Part, dy, o.out) }
}
