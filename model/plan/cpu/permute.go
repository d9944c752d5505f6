package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// permute walks over the output and jumps through the input.
func permute(a *graph.PermuteAttr, o operands) call {
	x := o.in[0]
	strides := make([]int, len(a.Shape)) // of the input
	size := 1
	for d := len(a.Shape) - 1; d >= 0; d-- {
		strides[d] = size
		size *= a.Shape[d]
	}
	shape, steps := make([]int, len(a.From)), make([]int, len(a.From)) // of the output, and its steps in the input
	for d, from := range a.From {
		shape[d], steps[d] = a.Shape[from], strides[from]
	}
	walk := newWalk(shape, steps)
	move := func(to, from, run, step int) {
		if step == 1 {
			copy(o.out[to:to+run], x[from:])
			return
		}
		for i := range run {
			o.out[to+i] = x[from+i*step]
		}
	}
	return func(*plan.Step) { walk.each(move) }
}
