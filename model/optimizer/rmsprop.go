package optimizer

import "github.com/beamfit/beamfit/model/params"

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
	Rho, Momentum, Epsilon float64
	Centered               bool
}

func newRMSprop(a *params.Args) Rule {
	o := RMSprop{Rho: share(a, 0.9, "rho"), Momentum: a.Float(0, "momentum"), Epsilon: epsilon(a), Centered: a.Bool(false, "centered")}
	if !(o.Momentum >= 0 && o.Momentum <= 1) {
		a.Failf("argument momentum must lie from 0 to 1, found %v", o.Momentum)
	}
	return o
}

// Kind is "RMSprop".
func (RMSprop) Kind() string { return "RMSprop" }

// Slots is 1, and one more each with momentum and where centered.
func (o RMSprop) Slots() int {
	n := 1
	if o.Momentum != 0 {
		n++
	}
	if o.Centered {
		n++
	}
	return n
}
