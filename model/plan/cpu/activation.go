package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func activation(attr any, o operands) call {
	act, x := attr.(graph.ActivationAttr).Act, o.in[0]
	return func(*plan.Step) { kernels.ActivationForward(act, x, o.out) }
}

func activationGrad(attr any, o operands) call {
	act, y, dy := attr.(graph.ActivationAttr).Act, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ActivationGrad(act, y, dy, o.out) }
}

func softmax(attr any, o operands) call {
	a, x := attr.(graph.RowsAttr), o.in[0]
	return func(*plan.Step) { kernels.Softmax(a.Rows, a.N, x, o.out) }
}

func softmaxGrad(attr any, o operands) call {
	a, y, dy := attr.(graph.RowsAttr), o.in[0], o.in[1]
	return func(*plan.Step) { kernels.SoftmaxGrad(a.Rows, a.N, y, dy, o.out) }
}
