package outer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan"
)

// The names of rules.
const (
	Average  = "average"
	SlowMo   = "slowmo"
	Nesterov = "nesterov"
)

// Names lists the rules.
var Names = []string{Average, SlowMo, Nesterov}

// A Rule is how weights follow the mean. The zero value is the average.
type Rule struct {
	Name string
	// Rate and Momentum are those of the formula; the average has neither.
	Rate, Momentum float64
}

// HasMomentum says whether the rule remembers something from round to round.
func (r Rule) HasMomentum() bool { return r.Name == SlowMo || r.Name == Nesterov }

// Check refuses a rule that is none, and numbers that one with momentum cannot have.
func (r Rule) Check() error {
	switch {
	case r.Name != "" && !slices.Contains(Names, r.Name):
		return fmt.Errorf("the outer rule %q is not known; expected one of %s", r.Name, strings.Join(Names, ", "))
	case r.HasMomentum() && !(r.Rate > 0 && r.Rate <= mostRate):
		return fmt.Errorf("the outer rate must be above 0 and at most %d, found %v", mostRate, r.Rate)
	case r.HasMomentum() && !(r.Momentum >= 0 && r.Momentum < 1):
		return fmt.Errorf("the outer momentum must be at least 0 and below 1, found %v", r.Momentum)
	}
	return nil
}

// mostRate is beyond any rate that somebody has found useful.
const mostRate = 10

// Defaults is a rule of that name with the numbers that suit so many shards. adaptive says that the shards' own optimizer
// divides gradients by their size, as Adam does.
//
// Source: momentum of slowmo from the range of its paper; that of nesterov is 1 - 1/shards as in block momentum, up to DiLoCo's 0.9, and
// so is its rate, 1 beside SGD and 0.7 beside Adam. The best rates that Charles et al. (arXiv 2503.09799, 2025) found beside Adam, 0.4 for one shard, 0.6 for 2
// and 4 and 0.8 for 8, are for a momentum of 0.9 whatever the shards are: there the rate makes the step grow with the shards, rate/(1 - momentum), here the
// momentum does. For 8 shards and more the two are the same momentum, and DiLoCo's 0.7, which held from 4 to 64 shards, lies between 0.6 and 0.8.
func Defaults(name string, shards int, adaptive bool) Rule {
	switch name {
	case SlowMo:
		return Rule{Name: name, Rate: 1, Momentum: 0.5}
	case Nesterov:
		r := Rule{Name: name, Rate: 1, Momentum: min(1-1/float64(max(1, shards)), 0.9)}
		if adaptive {
			r.Rate = 0.7
		}
		return r
	}
	return Rule{Name: name}
}

// Trainable are the runs of trainable weights of a model.
func Trainable(spec *keras.Spec) []plan.Run {
	runs, _ := plan.TrainableRuns(spec)
	return runs
}

// A Step is what a rule makes a step of: all weights, or a piece of them.
type Step struct {
	// Before are the weights that the round began with.
	Before []float32
	// Weights are the mean when the step begins and those of the next round when it has ended.
	Weights []float32
	// Momentum is u, with a place for every weight; those of weights that are not trainable stay 0. The step changes it.
	Momentum []float32
	// Offset is where the piece begins in the model's weights.
	Offset int
	// Trainable are those of the model.
	Trainable []plan.Run
	// LearningRate is γ.
	LearningRate float64
}

// Apply makes the step.
func (r Rule) Apply(s Step) {
	if !r.HasMomentum() {
		return
	}
	scale := s.LearningRate
	if r.Name == Nesterov || !(scale > 0) { // with a learning rate of 0 nothing moves, and nothing has a scale
		scale = 1
	}
	for _, run := range s.Trainable {
		from, to := max(run.Weight-s.Offset, 0), min(run.Weight+run.Len-s.Offset, len(s.Weights))
		if from >= to {
			continue
		}
		x, m, u := s.Before[from:to], s.Weights[from:to], s.Momentum[from:to]
		if r.Name == Nesterov {
			r.nesterov(x, m, u)
		} else {
			r.slow(x, m, u, scale)
		}
	}
}

// The conversions keep products and sums apart: no processor may fuse them.

func (r Rule) slow(x, m, u []float32, scale float64) {
	for i, before := range x {
		d := float64(before) - float64(m[i])
		v := float64(r.Momentum*float64(u[i])) + d/scale
		u[i] = float32(v)
		m[i] = float32(float64(before) - float64(float64(r.Rate*scale)*v))
	}
}

func (r Rule) nesterov(x, m, u []float32) {
	for i, before := range x {
		d := float64(before) - float64(m[i])
		v := float64(r.Momentum*float64(u[i])) + d
		u[i] = float32(v)
		m[i] = float32(float64(before) - float64(r.Rate*float64(d+float64(r.Momentum*v))))
	}
}
