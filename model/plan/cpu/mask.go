package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func mask(a graph.MaskAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.Mask(a.Rows, a.N, a.Value, x, o.out) }
}

func fill(a graph.FillAttr, o operands) call {
	value := a.Value
	return func(*plan.Step) { kernels.Fill(value, o.out) }
}

func constant(a *graph.ConstantAttr, o operands) call {
	return func(*plan.Step) {
		for r := range a.Rows {
			copy(o.out[r*len(a.Values):], a.Values)
		}
	}
}

func maskRows(a graph.RowsAttr, o operands) call {
	x, mask := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskRows(a.Rows, a.N, x, mask, o.out) }
}

func maskedMean(a graph.MaskedMeanAttr, o operands) call {
	x, mask := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedMean(a.Rows, a.Steps, a.N, x, mask, o.out) }
}

func maskedMeanGrad(a graph.MaskedMeanAttr, o operands) call {
	dy, mask := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedMeanGrad(a.Rows, a.Steps, a.N, dy, mask, o.out) }
}

func reverse(a graph.RowsAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.Reverse(a.Rows, a.N, x, o.out) }
}
