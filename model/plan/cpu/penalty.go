package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func weightPenaltyGrad(a graph.PenaltyAttr, o operands) call {
	w, g := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.AddPenaltyGrad(a.Scale, a.L1, a.L2, w, g, o.out) }
}

func orthogonalGrad(a graph.OrthogonalAttr, o operands) call {
	w, g := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.AddOrthogonalGrad(a.Factor, a.Matrix, w, g, o.out, o.scratch) }
}

func orthogonalGradScratch(a graph.OrthogonalAttr) int {
	return kernels.OrthogonalWorkspace(a.Matrix)
}

func penalty(a graph.PenaltyAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.RowPenalty(a.L1, a.L2, a.Rows, a.N, x, o.out) }
}

func penaltyGrad(a graph.PenaltyAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.AddPenaltyGrad(a.Scale, a.L1, a.L2, x, nil, o.out) }
}
