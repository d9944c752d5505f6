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

func activationGradX(attr any, o operands) call {
	act, x, dy := attr.(graph.ActivationAttr).Act, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ActivationGradX(act, x, dy, o.out) }
}

func function(attr any, o operands) call {
	f, x := attr.(graph.FunctionAttr).Function, o.in[0]
	return func(*plan.Step) { kernels.FunctionForward(f, x, o.out) }
}

func functionGrad(attr any, o operands) call {
	f, x, dy := attr.(graph.FunctionAttr).Function, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.FunctionGrad(f, x, dy, o.out) }
}

// ofRows is an activation of rows, from a kernel over rows x n of the output.
func ofRows(kernel func(rows, n int, x, y []float32)) func(attr any, o operands) call {
	return func(attr any, o operands) call {
		a, x := attr.(graph.RowsAttr), o.in[0]
		return func(*plan.Step) { kernel(a.Rows, a.N, x, o.out) }
	}
}

// ofRowsGrad is the gradient of an activation of rows.
func ofRowsGrad(kernel func(rows, n int, y, dy, dx []float32)) func(attr any, o operands) call {
	return func(attr any, o operands) call {
		a, y, dy := attr.(graph.RowsAttr), o.in[0], o.in[1]
		return func(*plan.Step) { kernel(a.Rows, a.N, y, dy, o.out) }
	}
}
