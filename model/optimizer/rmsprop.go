package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// RMSprop divides the gradient by a running mean of its size:
//
//	s = rho·s + (1-rho)·g²
//	mg = rho·mg + (1-rho)·g             // where centered
//	step = lr·g / √(s - mg² + epsilon)  // not centered: √(s + epsilon)
//	mom = momentum·mom + step           // where momentum is not 0
//	p -= mom                            // without momentum: p -= step
//
// Arguments: learning_rate 0.001, rho 0.9, momentum 0, epsilon 1e-7, centered False. Slots: s, then mom where
// momentum is not 0, then mg where centered.
//
// Source: keras/src/optimizers/rmsprop.py.
type RMSprop struct {
	zeroStart
	rate                   rate
	rho, momentum, epsilon float64
	centered               bool
}

func newRMSprop(a *params.Args, r rate) Optimizer {
	o := &RMSprop{
		rate: r, rho: share(a, 0.9, "rho"), momentum: a.Float(0, "momentum"), epsilon: epsilon(a),
		centered: a.Bool(false, "centered"),
	}
	if !(o.momentum >= 0 && o.momentum <= 1) {
		a.Failf("argument momentum must lie from 0 to 1, found %v", o.momentum)
	}
	return o
}

// Name is "RMSprop".
func (o *RMSprop) Name() string { return "RMSprop" }

// Slots is 1, and one more each with momentum and where centered.
func (o *RMSprop) Slots() int {
	n := 1
	if o.momentum != 0 {
		n++
	}
	if o.centered {
		n++
	}
	return n
}

// Update makes one step.
func (o *RMSprop) Update(iteration int64, p, g []float32, slots [][]float32) {
	var mom, mg []float32
	s, rest := slots[0], slots[1:]
	if o.momentum != 0 {
		mom, rest = rest[0], rest[1:]
	}
	if o.centered {
		mg = rest[0]
	}
	kernels.RMSprop(p, g, s, mom, mg, o.rate.at(iteration), o.rho, o.momentum, o.epsilon)
}
