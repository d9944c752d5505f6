package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func globalMax(a graph.GlobalMaxAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.GlobalMax(a.Batch, a.Pixels, a.C, x, o.out) }
}

// globalMaxScratch is room for the share of each pixel that is a maximum.
func globalMaxScratch(a graph.GlobalMaxAttr) int {
	return a.Batch * a.C
}

func globalMaxGrad(a graph.GlobalMaxAttr, o operands) call {
	x, y, dy := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.GlobalMaxGrad(a.Batch, a.Pixels, a.C, x, y, dy, o.out, o.scratch) }
}
