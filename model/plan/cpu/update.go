package cpu

import (
	"reflect"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// An update is divided at multiples of updateGrain weights, into parts of at least minUpdate.
const (
	updateGrain = 64
	minUpdate   = 32 << 10
)

// ofWeights is an instruction that works on ranges of n weights, each on its own, without scratch memory.
func ofWeights(n int, do func(s *plan.Step, from, to int, _ []float32)) call {
	return divide(n, updateGrain, n/minUpdate).call(nil, do)
}

// A ruleKernel is what the device knows about a rule of an optimizer.
type ruleKernel struct {
	rule reflect.Type
	bind func(r optimizer.Rule, o operands) call
}

// slots are those of a rule, nil beyond.
type slots [3][]float32

// ofRule is the kernel of the rule R, which makes a step on weights p with gradients g; all arrays have one length.
func ofRule[R optimizer.Rule](kernel func(r R, s *optimizer.Scalars, p, g []float32, kept slots)) ruleKernel {
	return ruleKernel{rule: reflect.TypeFor[R](), bind: func(rule optimizer.Rule, o operands) call {
		r, p, g := rule.(R), o.out, o.in[0]
		return ofWeights(len(g), func(s *plan.Step, from, to int, _ []float32) {
			var part slots
			for i, slot := range o.side {
				part[i] = slot[from:to]
			}
			kernel(r, &s.Scalars, p[from:to], g[from:to], part)
		})
	}}
}

func update(a plan.UpdateAttr, o operands) call { return rules[a.Rule.Kind()].bind(a.Rule, o) }

func decay(a plan.DecayAttr, o operands) call {
	return ofWeights(len(o.out), func(s *plan.Step, from, to int, _ []float32) {
		kernels.DecayWeights(o.out[from:to], a.Rate, s.Scalars.Rate)
	})
}

func average(a plan.AverageAttr, o operands) call {
	return ofWeights(len(o.out), func(s *plan.Step, from, to int, _ []float32) {
		p, average := o.out[from:to], o.side[0][from:to]
		if s.Scalars.First {
			copy(average, p)
		} else {
			kernels.MovingAverage(a.Momentum, average, p)
		}
		if s.Scalars.Overwrite {
			copy(p, average)
		}
	})
}

func clip(a plan.ClipAttr, o operands) call {
	kernel := clips[a.Clip.Kind]
	return func(*plan.Step) { kernel(a, o.out) }
}

func clipNorm(a plan.ClipAttr, g []float32) {
	for _, n := range a.Sizes {
		kernels.ScaleToNorm(a.Clip.Bound, g[:n])
		g = g[n:]
	}
}

func clipGlobalNorm(a plan.ClipAttr, g []float32) { kernels.ScaleToNorm(a.Clip.Bound, g) }

func clipValue(a plan.ClipAttr, g []float32) { kernels.Clip(-a.Clip.Bound, a.Clip.Bound, g) }
