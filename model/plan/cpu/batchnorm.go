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

// ofColumns is a sweep over the rows of the matrices of a batch normalisation.
func ofColumns(a graph.BatchNormAttr, over [][]float32, part func(from, to int)) *sweep {
	return &sweep{n: a.Rows * a.C, width: a.C, over: over, part: part}
}

func batchNormSums(a graph.BatchNormAttr, o operands) *sweep {
	x, sums := o.in[0], doubles(o.out)
	s := ofColumns(a, [][]float32{x}, func(from, to int) { kernels.BatchNormSums((to-from)/a.C, a.C, x[from:to], sums) })
	s.begin = func() { clear(sums) }
	return s
}

func batchNorm(a graph.BatchNormAttr, o operands) *sweep {
	x, y := o.in[0], o.out
	gamma, beta, rest := affine(a, o.in[1:])
	sums := doubles(rest[0])
	mean, variance, invstd := o.side[0], o.side[1], o.side[2]
	s := ofColumns(a, [][]float32{x, y}, func(from, to int) {
		kernels.BatchNormTrain((to-from)/a.C, a.C, x[from:to], gamma, beta, mean, invstd, y[from:to])
	})
	s.begin = func() { kernels.BatchNormMoments(a.C, a.Whole, sums, a.Epsilon, mean, variance, invstd) }
	return s
}

func batchNormGradSums(a graph.BatchNormAttr, o operands) *sweep {
	x, dy, mean, invstd := o.in[0], o.in[1], o.in[2], o.in[3]
	sums, dgamma, dbeta := doubles(o.out), o.side[0], o.side[1]
	s := ofColumns(a, [][]float32{x, dy}, func(from, to int) {
		kernels.BatchNormGradSums((to-from)/a.C, a.C, x[from:to], dy[from:to], mean, sums)
	})
	s.begin = func() { clear(sums) }
	s.end = func() { kernels.BatchNormWeightGrad(a.C, sums, invstd, dgamma, dbeta) }
	return s
}

func batchNormGrad(a graph.BatchNormAttr, o operands) *sweep {
	x, dy, dx := o.in[0], o.in[1], o.out
	a.Center = false // beta is not an operand
	gamma, _, rest := affine(a, o.in[2:])
	mean, invstd, sums := rest[0], rest[1], doubles(rest[2])
	factors := kernels.NewBatchNormFactors(a.C)
	s := ofColumns(a, [][]float32{x, dy, dx}, func(from, to int) {
		kernels.BatchNormGrad((to-from)/a.C, a.C, x[from:to], dy[from:to], mean, factors, dx[from:to])
	})
	s.begin = func() { factors.Set(a.Whole, sums, gamma, invstd) }
	return s
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
