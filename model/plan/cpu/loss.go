package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

func lossRows(attr any, o operands) call {
	a, p, y := attr.(graph.LossAttr), o.in[0], o.in[1]
	rows := a.Func().Rows
	return func(*plan.Step) { rows(a.Rows, a.N, p, y, o.out) }
}

func lossGrad(attr any, o operands) call {
	a, p, y, scale := attr.(graph.LossAttr), o.in[0], o.in[1], o.in[2]
	grad := a.Func().Grad
	return func(*plan.Step) { grad(a.Rows, a.N, p, y, scale, o.out) }
}
