package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// knownNormScratch is room for the deviations.
func knownNormScratch(a *graph.KnownNormAttr) int {
	n := 1
	for _, d := range a.Small {
		n *= d
	}
	return n
}

// known are the means and variances of an instruction.
func known(a *graph.KnownNormAttr, o operands) (mean, variance []float32) {
	if a.Mean != nil {
		return a.Mean, a.Variance
	}
	return o.in[1], o.in[2]
}

// deviations computes max(√variance, 1e-7); the bound is keras.config.epsilon().
func deviations(variance, out []float32) {
	for i, v := range variance {
		out[i] = max(float32(math.Sqrt(float64(v))), 1e-7)
	}
}

func knownNorm(a *graph.KnownNormAttr, o operands) call {
	x := o.in[0]
	mean, variance := known(a, o)
	deviation := o.scratch
	walk := newBroadcastWalk(&a.BroadcastAttr)
	forth := func(to, from, run, step int) {
		for i := range run {
			j := from + i*step
			o.out[to+i] = (x[to+i] - mean[j]) / deviation[j]
		}
	}
	if a.Invert {
		forth = func(to, from, run, step int) {
			for i := range run {
				j := from + i*step
				o.out[to+i] = mean[j] + float32(x[to+i]*deviation[j])
			}
		}
	}
	return func(*plan.Step) {
		deviations(variance, deviation)
		walk.each(forth)
	}
}

func knownNormGrad(a *graph.KnownNormAttr, o operands) call {
	dy := o.in[0]
	_, variance := known(a, o)
	deviation := o.scratch
	walk := newBroadcastWalk(&a.BroadcastAttr)
	back := func(to, from, run, step int) {
		for i := range run {
			j := from + i*step
			if a.Invert {
				o.out[to+i] = dy[to+i] * deviation[j]
			} else {
				o.out[to+i] = dy[to+i] / deviation[j]
			}
		}
	}
	return func(*plan.Step) {
		deviations(variance, deviation)
		walk.each(back)
	}
}
