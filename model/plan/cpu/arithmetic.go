package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func scale(a graph.ScaleAttr, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.Affine(a.Factor, a.Offset, x, o.out) }
}

func add(_ none, o operands) *sweep {
	x, y := o.in[0], o.in[1]
	return elementwise([][]float32{x, y, o.out}, func(from, to int) { kernels.Add(x[from:to], y[from:to], o.out[from:to]) })
}

func copyArray(_ none, o operands) call {
	from := o.in[0]
	return func(*plan.Step) { copy(o.out, from) }
}

func multiply(_ none, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Mul(x, y, o.out) }
}

func extremum(a graph.ExtremumAttr, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Extremum(a.Min, x, y, o.out) }
}

func extremumGrad(a graph.ExtremumAttr, o operands) call {
	x, y, dz := o.in[0], o.in[1], o.in[2]
	return func(*plan.Step) { kernels.ExtremumGrad(a.Min, a.Second, x, y, dz, o.out) }
}

func concat(a *graph.ConcatAttr, o operands) call {
	return func(*plan.Step) { kernels.Concat(a.Rows, a.Widths, o.in, o.out) }
}

func concatGrad(a *graph.ConcatAttr, o operands) call {
	dy := o.in[0]
	return func(*plan.Step) { kernels.ConcatGrad(a.Rows, a.Widths, a.Part, dy, o.out) }
}
