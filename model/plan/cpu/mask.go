package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func mask(attr any, o operands) call {
	a, x := attr.(graph.MaskAttr), o.in[0]
	return func(*plan.Step) { kernels.Mask(a.Rows, a.N, a.Value, x, o.out) }
}

func fill(attr any, o operands) call {
	value := attr.(graph.FillAttr).Value
	return func(*plan.Step) { kernels.Fill(value, o.out) }
}

func maskRows(attr any, o operands) call {
	a, x, mask := attr.(graph.RowsAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskRows(a.Rows, a.N, x, mask, o.out) }
}

func maskedMean(attr any, o operands) call {
	a, x, mask := attr.(graph.MaskedMeanAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedMean(a.Rows, a.Steps, a.N, x, mask, o.out) }
}

func maskedMeanGrad(attr any, o operands) call {
	a, dy, mask := attr.(graph.MaskedMeanAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.MaskedMeanGrad(a.Rows, a.Steps, a.N, dy, mask, o.out) }
}

func reverse(attr any, o operands) call {
	a, x := attr.(graph.RowsAttr), o.in[0]
	return func(*plan.Step) { kernels.Reverse(a.Rows, a.N, x, o.out) }
}
