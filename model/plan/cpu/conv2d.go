package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func conv2DScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DWorkspace(&a.Conv2DShape)
}

// An imagewise is a convolution, or a gradient of one, which goes through n images of its input, and of its output, from the first to the
// last; output is nil where it is no images. A sweep can make the input or work on the output.
type imagewise struct {
	n             int
	input, output []float32
	call          func(s *plan.Step, around kernels.Around)
}

// over are the arrays that it goes through.
func (c *imagewise) over() [][]float32 {
	if c.output == nil {
		return [][]float32{c.input}
	}
	return [][]float32{c.input, c.output}
}

// with is the call that has a chain make each image before it is read, and another one take each that is complete.
func (c *imagewise) with(before, after chain) call {
	var around kernels.Around
	parts := func(of chain, array []float32) func(first, last int) {
		size := len(array) / c.n
		return func(first, last int) { of.parts(first*size, last*size) }
	}
	if len(before) > 0 {
		around.Before, around.Inputs = parts(before, c.input), before.arrays(nil)
	}
	if len(after) > 0 {
		around.After, around.Outputs = parts(after, c.output), after.arrays(c.output)
	}
	return func(s *plan.Step) { c.call(s, around) }
}

func conv2D(a *graph.Conv2DAttr, o operands) *imagewise {
	x, k, bias := o.in[0], o.in[1], optional(o.in, 2)
	return &imagewise{a.N, x, o.out, func(s *plan.Step, around kernels.Around) {
		kernels.Conv2D(&a.Conv2DShape, x, k, bias, a.Then.Act, drop(a.Then.Drop, s), o.out, o.scratch, around)
	}}
}

func conv2DInputGradScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DInputGradWorkspace(&a.Conv2DShape)
}

func conv2DInputGrad(a *graph.Conv2DAttr, o operands) *imagewise {
	dz, k := o.in[0], o.in[1]
	return &imagewise{a.N, dz, o.out, func(_ *plan.Step, around kernels.Around) {
		kernels.Conv2DInputGrad(&a.Conv2DShape, dz, k, o.out, o.scratch, around)
	}}
}

func conv2DKernelGradScratch(a *graph.Conv2DAttr) int {
	return kernels.Conv2DKernelGradWorkspace(&a.Conv2DShape)
}

func conv2DKernelGrad(a *graph.Conv2DAttr, o operands) *imagewise {
	x, dz := o.in[0], o.in[1]
	return &imagewise{a.N, dz, nil, func(_ *plan.Step, around kernels.Around) {
		kernels.Conv2DKernelGrad(&a.Conv2DShape, x, dz, o.out, o.scratch, around)
	}}
}
