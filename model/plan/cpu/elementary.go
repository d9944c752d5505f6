package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func divideArrays(_ none, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Divide(x, y, o.out) }
}

func powerArrays(_ none, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Power(x, y, o.out) }
}

func compareArrays(a graph.CompareAttr, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Compare(a.Relation, x, y, o.out) }
}

func argMax(a graph.RowsAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.ArgMax(a.Rows, a.N, x, o.out) }
}
