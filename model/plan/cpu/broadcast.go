package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// newBroadcastWalk goes through the big array, with a step of 0 in the small one along every dimension that repeats.
func newBroadcastWalk(a *graph.BroadcastAttr) *walk {
	steps := make([]int, len(a.Small))
	size := 1
	for d := len(a.Small) - 1; d >= 0; d-- {
		if a.Small[d] > 1 {
			steps[d] = size
		}
		size *= a.Small[d]
	}
	return newWalk(a.Big, steps)
}

func broadcast(a *graph.BroadcastAttr, o operands) call {
	x := o.in[0]
	walk := newBroadcastWalk(a)
	repeat := func(to, from, run, step int) {
		if step == 0 {
			kernels.Fill(x[from], o.out[to:to+run])
			return
		}
		copy(o.out[to:to+run], x[from:])
	}
	return func(*plan.Step) { walk.each(repeat) }
}

func broadcastGrad(a *graph.BroadcastAttr, o operands) call {
	dy := o.in[0]
	walk := newBroadcastWalk(a)
	sum := func(from, to, run, step int) {
		if step == 0 {
			o.out[to] += float32(kernels.Sum64(dy[from : from+run]))
			return
		}
		kernels.Add(o.out[to:to+run], dy[from:from+run], o.out[to:to+run])
	}
	return func(*plan.Step) {
		clear(o.out)
		walk.each(sum)
	}
}
