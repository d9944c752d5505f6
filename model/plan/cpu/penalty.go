package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func weightPenaltyGrad(attr any, o operands) call {
	a, w, g := attr.(graph.PenaltyAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.AddPenaltyGrad(1, a.L1, a.L2, w, g, o.out) }
}

func penalty(attr any, o operands) call {
	a, x := attr.(graph.PenaltyAttr), o.in[0]
	return func(*plan.Step) { kernels.RowPenalty(a.L1, a.L2, a.Rows, a.N, x, o.out) }
}

// penaltyGrad is that of the mean over the rows.
func penaltyGrad(attr any, o operands) call {
	a, x := attr.(graph.PenaltyAttr), o.in[0]
	return func(*plan.Step) { kernels.AddPenaltyGrad(1/float32(a.Rows), a.L1, a.L2, x, nil, o.out) }
}
