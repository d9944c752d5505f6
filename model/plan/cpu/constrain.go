package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func constrain(attr any, o operands) call {
	a, w := attr.(plan.ConstrainAttr), o.out
	if a.Constraint.NonNegative {
		return func(*plan.Step) { kernels.Clip(0, math.Inf(1), w) }
	}
	axes, err := a.Constraint.AxesOf(a.Shape)
	if err != nil {
		panic("cpu: " + err.Error()) // the reader checked it
	}
	starts, steps := []int{0}, []int{0}
	stride := len(w)
	for axis, size := range a.Shape {
		stride /= size
		if len(axes) > 0 && axes[0] == axis {
			steps, axes = spread(steps, size, stride), axes[1:]
		} else {
			starts = spread(starts, size, stride)
		}
	}
	norms, factor := make([]float64, len(starts)), a.Constraint.Factor
	return func(*plan.Step) { kernels.ScaleByNorm(w, starts, steps, norms, factor) }
}

// spread are all sums of an offset and one of the first size multiples of stride, from 0.
func spread(offsets []int, size, stride int) []int {
	all := make([]int, 0, len(offsets)*size)
	for _, o := range offsets {
		for i := range size {
			all = append(all, o+i*stride)
		}
	}
	return all
}
