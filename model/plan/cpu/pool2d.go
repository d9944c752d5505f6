package cpu

import (
	"unsafe"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// int32s is the same memory as int32: places of maxima are kept among the float32 of Work.
func int32s(s []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

func maxPool2D(s *kernels.Pool2DShape, o operands) call {
	x, places := o.in[0], int32s(o.side[0])
	return func(*plan.Step) { kernels.MaxPool2D(s, x, o.out, places) }
}

func maxPool2DGrad(s *kernels.Pool2DShape, o operands) call {
	dy, places := o.in[0], int32s(o.in[1])
	return func(*plan.Step) { kernels.MaxPool2DGrad(s, dy, places, o.out) }
}

func avgPool2D(s *kernels.Pool2DShape, o operands) call {
	x := o.in[0]
	return func(*plan.Step) { kernels.AvgPool2D(s, x, o.out) }
}

func avgPool2DGrad(s *kernels.Pool2DShape, o operands) call {
	dy := o.in[0]
	return func(*plan.Step) { kernels.AvgPool2DGrad(s, dy, o.out) }
}
