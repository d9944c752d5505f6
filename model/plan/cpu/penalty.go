package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func weightPenaltyGrad(attr any, o operands) call {
	a, w, g := attr.(graph.PenaltyAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.AddPenaltyGrad(a.Scale, a.L1, a.L2, w, g, o.out) }
}

func orthogonalGrad(attr any, o operands) call {
	a, w, g := attr.(graph.OrthogonalAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.AddOrthogonalGrad(a.Factor, a.Matrix, w, g, o.out, o.scratch) }
}

func orthogonalGradScratch(attr any) int {
	return kernels.OrthogonalWorkspace(attr.(graph.OrthogonalAttr).Matrix)
}

func penalty(attr any, o operands) call {
	a, x := attr.(graph.PenaltyAttr), o.in[0]
	return func(*plan.Step) { kernels.RowPenalty(a.L1, a.L2, a.Rows, a.N, x, o.out) }
}

func penaltyGrad(attr any, o operands) call {
	a, x := attr.(graph.PenaltyAttr), o.in[0]
	return func(*plan.Step) { kernels.AddPenaltyGrad(a.Scale, a.L1, a.L2, x, nil, o.out) }
}
