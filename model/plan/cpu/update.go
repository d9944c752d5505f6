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
	rule    reflect.Type
	bind    func(a plan.UpdateAttr, o operands) call
	scratch func(a plan.UpdateAttr) int // nil: none
	array   bool                        // it looks at a whole array of weights, whose shape it wants
	matrix  bool                        // that array must be a matrix
}

// slots are those of a rule, nil beyond.
type slots [3][]float32

// ofRule is the kernel of the rule R, which makes a step on weights p with gradients g; all arrays have one length.
func ofRule[R optimizer.Rule](kernel func(r R, s *optimizer.Scalars, p, g []float32, kept slots)) ruleKernel {
	return ruleKernel{rule: reflect.TypeFor[R](), bind: func(a plan.UpdateAttr, o operands) call {
		r, p, g := a.Rule.(R), o.out, o.in[0]
		return ofWeights(len(g), func(s *plan.Step, from, to int, _ []float32) {
			var part slots
			for i, slot := range o.side {
				part[i] = slot[from:to]
			}
			kernel(r, &s.Scalars, p[from:to], g[from:to], part)
		})
	}}
}

// ofArray is the kernel of the rule R, which looks at an array of weights of a shape.
func ofArray[R optimizer.Rule](bind func(r R, shape []int, o operands) call) ruleKernel {
	return ruleKernel{rule: reflect.TypeFor[R](), array: true, bind: func(a plan.UpdateAttr, o operands) call { return bind(a.Rule.(R), a.Shape, o) }}
}

// ofMatrix is the kernel of the rule R, which looks at a matrix of weights.
func ofMatrix[R optimizer.Rule](bind func(r R, shape []int, o operands) call, scratch func(r R, shape []int) int) ruleKernel {
	k := ofArray(bind)
	k.matrix = true
	k.scratch = func(a plan.UpdateAttr) int { return scratch(a.Rule.(R), a.Shape) }
	return k
}

// fits says whether a rule can do with the shape of an instruction.
func (k ruleKernel) fits(shape []int) bool {
	return !k.array || shape != nil && (!k.matrix || len(shape) == 2)
}

func update(a plan.UpdateAttr, o operands) call { return rules[a.Rule.Kind()].bind(a, o) }

// held is an instruction that does nothing in steps whose gradients are added up only.
func held(do call) call {
	return func(s *plan.Step) {
		if !s.Scalars.Hold {
			do(s)
		}
	}
}

func updateScratch(a plan.UpdateAttr) int {
	if scratch := rules[a.Rule.Kind()].scratch; scratch != nil {
		return scratch(a)
	}
	return 0
}

func accumulate(a plan.AccumulateAttr, o operands) call {
	sum := o.side[0]
	return ofWeights(len(o.out), func(s *plan.Step, from, to int, _ []float32) {
		kernels.Accumulate(o.out[from:to], sum[from:to], s.Scalars.Hold, a.Steps)
	})
}

func begin(_ none, o operands) call {
	weights := o.in[0]
	return func(s *plan.Step) {
		if s.Scalars.Begin {
			copy(o.out, weights)
		}
	}
}

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
