package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// golden spreads streams over the seeds of dropout.
const golden = 0x9e3779b97f4a7c15

// drop is a dropout in a step.
func drop(a graph.DropoutAttr, s *plan.Step) kernels.Drop {
	return kernels.Drop{Seed: s.Seed + (a.Stream+1)*golden, Counter: s.Counter, Rate: a.Rate}
}

func dropout(a graph.DropoutAttr, o operands) call {
	x := o.in[0]
	return func(s *plan.Step) { kernels.Dropout(drop(a, s), x, o.out) }
}

func reluDropoutGrad(a graph.ReLUDropoutGradAttr, o operands) call {
	y, dy := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.ReLUDropoutGrad(a.Rate, y, dy, o.out) }
}

// dropoutBroadcastScratch is room for the mask.
func dropoutBroadcastScratch(a *graph.DropoutBroadcastAttr) int {
	n := 1
	for _, d := range a.Mask {
		n *= d
	}
	return n
}

// dropoutBroadcast draws the mask by dropping from ones, then walks over x with a step of 0 in the mask along every
// dimension in which the mask is the same.
func dropoutBroadcast(a *graph.DropoutBroadcastAttr, o operands) call {
	x, mask := o.in[0], o.scratch
	steps := make([]int, len(a.Mask))
	size := 1
	for d := len(a.Mask) - 1; d >= 0; d-- {
		if a.Mask[d] > 1 {
			steps[d] = size
		}
		size *= a.Mask[d]
	}
	walk := newWalk(a.Shape, steps)
	draw := dropout(a.DropoutAttr, operands{in: [][]float32{mask}, out: mask})
	apply := func(to, from, run, step int) {
		for i := range run {
			m := mask[from+i*step]
			if m != 0 { // a dropped element is zero even where x is not finite
				m *= x[to+i]
			}
			o.out[to+i] = m
		}
	}
	return func(s *plan.Step) {
		kernels.Fill(1, mask)
		draw(s)
		walk.each(apply)
	}
}
