package cpu

import (
	"unsafe"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// affine takes gamma and beta, nil where the layer has none, from the front of operands and returns the rest.
func affine(a graph.BatchNormAttr, in [][]float32) (gamma, beta []float32, rest [][]float32) {
	if a.Scale {
		gamma, in = in[0], in[1:]
	}
	if a.Center {
		beta, in = in[0], in[1:]
	}
	return gamma, beta, in
}

// doubles are the numbers in double precision that float32 elements hold, two for one.
func doubles(s []float32) []float64 {
	return unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(s))), len(s)/2)
}

func batchNormSums(a graph.BatchNormAttr, o operands) call {
	x, sums := o.in[0], doubles(o.out)
	return func(*plan.Step) { kernels.BatchNormSums(a.Rows, a.C, x, sums) }
}

func batchNorm(a graph.BatchNormAttr, o operands) call {
	x := o.in[0]
	gamma, beta, rest := affine(a, o.in[1:])
	sums := doubles(rest[0])
	mean, variance, invstd := o.side[0], o.side[1], o.side[2]
	return func(*plan.Step) {
		kernels.BatchNormTrain(a.Rows, a.C, x, a.Whole, sums, gamma, beta, a.Epsilon, o.out, mean, variance, invstd)
	}
}

func batchNormGradSums(a graph.BatchNormAttr, o operands) call {
	x, dy, mean, invstd := o.in[0], o.in[1], o.in[2], o.in[3]
	sums, dgamma, dbeta := doubles(o.out), o.side[0], o.side[1]
	return func(*plan.Step) { kernels.BatchNormGradSums(a.Rows, a.C, x, dy, mean, invstd, sums, dgamma, dbeta) }
}

func batchNormGrad(a graph.BatchNormAttr, o operands) call {
	x, dy := o.in[0], o.in[1]
	a.Center = false // beta is not an operand
	gamma, _, rest := affine(a, o.in[2:])
	mean, invstd, sums := rest[0], rest[1], doubles(rest[2])
	return func(*plan.Step) {
		kernels.BatchNormGrad(a.Rows, a.C, x, dy, a.Whole, sums, gamma, mean, invstd, o.out)
	}
}

// batchNormScratch is room for 1/√(variance+eps) and, for the gradient, a mean of zero.
func batchNormScratch(a graph.BatchNormAttr) int { return 2 * a.C }

func batchNormInfer(a graph.BatchNormAttr, o operands) call {
	x := o.in[0]
	gamma, beta, rest := affine(a, o.in[1:])
	mean, variance := rest[0], rest[1]
	return func(*plan.Step) {
		kernels.BatchNormInfer(a.Rows, a.C, x, gamma, beta, mean, variance, a.Epsilon, o.out, o.scratch)
	}
}

// batchNormInferGrad is the same normalisation of dy without its shifts: dx = dy·gamma/√(variance+eps).
func batchNormInferGrad(a graph.BatchNormAttr, o operands) call {
	dy := o.in[0]
	a.Center = false
	gamma, _, rest := affine(a, o.in[1:])
	variance, invstd, zero := rest[0], o.scratch[:a.C], o.scratch[a.C:]
	return func(*plan.Step) {
		clear(zero)
		kernels.BatchNormInfer(a.Rows, a.C, dy, gamma, nil, zero, variance, a.Epsilon, o.out, invstd)
	}
}

func moving(a graph.MovingAttr, o operands) call {
	momentum, batch, old := a.Momentum, o.in[0], o.in[1]
	return func(*plan.Step) {
		copy(o.out, old) // to itself where the weight is updated in place
		kernels.UpdateMoving(momentum, batch, o.out)
	}
}
