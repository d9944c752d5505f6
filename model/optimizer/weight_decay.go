package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// A decaying optimizer shrinks every weight before its step: p -= p·weight_decay·lr. This is not a penalty in the loss: it
// does not go through moments.
//
// Source: keras/src/optimizers/base_optimizer.py, _apply_weight_decay.
type decaying struct {
	Optimizer
	rate  rate
	decay float64
}

// withWeightDecay reads weight_decay, None by default, for optimizers but AdamW, which has a default of its own.
func withWeightDecay(a *params.Args, r rate, o Optimizer) Optimizer {
	byDefault := 0.0
	if _, ok := o.(adamW); ok {
		byDefault = 0.004
	}
	decay := positiveOrZero(a, byDefault, "weight_decay")
	if decay == 0 {
		return o
	}
	return decaying{o, r, decay}
}

// Update makes one step.
func (o decaying) Update(iteration int64, p, g []float32, slots [][]float32) {
	kernels.DecayWeights(p, o.decay, o.rate.at(iteration))
	o.Optimizer.Update(iteration, p, g, slots)
}
