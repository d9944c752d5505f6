package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func constrain(a plan.ConstrainAttr, o operands) call {
	w := o.out
	if a.NonNegative {
		return func(*plan.Step) { kernels.Clip(0, math.Inf(1), w) }
	}
	axes := a.Axes
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
	norms := make([]float64, len(starts))
	factor := (&keras.Constraint{Min: a.Min, Max: a.Max, Rate: a.Rate}).Factor
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
