package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func activation(a graph.ActivationAttr, o operands) *sweep {
	act, x := a.Act, o.in[0]
	return elementwise([][]float32{x, o.out}, func(from, to int) { kernels.ActivationForward(act, x[from:to], o.out[from:to]) })
}

func activationGrad(a graph.ActivationAttr, o operands) *sweep {
	act, y, dy := a.Act, o.in[0], o.in[1]
	return elementwise([][]float32{y, dy, o.out}, func(from, to int) { kernels.ActivationGrad(act, y[from:to], dy[from:to], o.out[from:to]) })
}

func activationGradX(a graph.ActivationAttr, o operands) call {
	act, x, dy := a.Act, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ActivationGradX(act, x, dy, o.out) }
}

func function(a graph.FunctionAttr, o operands) call {
	f, x := a.Function, o.in[0]
	return func(*plan.Step) { kernels.FunctionForward(f, x, o.out) }
}

func functionGrad(a graph.FunctionAttr, o operands) call {
	f, x, dy := a.Function, o.in[0], o.in[1]
	return func(*plan.Step) { kernels.FunctionGrad(f, x, dy, o.out) }
}

// ofRows is an activation of rows, from a kernel over rows x n of the output.
func ofRows(kernel func(rows, n int, x, y []float32)) func(a graph.RowsAttr, o operands) call {
	return func(a graph.RowsAttr, o operands) call {
		x := o.in[0]
		return func(*plan.Step) { kernel(a.Rows, a.N, x, o.out) }
	}
}

// ofRowsGrad is the gradient of an activation of rows.
func ofRowsGrad(kernel func(rows, n int, y, dy, dx []float32)) func(a graph.RowsAttr, o operands) call {
	return func(a graph.RowsAttr, o operands) call {
		y, dy := o.in[0], o.in[1]
		return func(*plan.Step) { kernel(a.Rows, a.N, y, dy, o.out) }
	}
}
