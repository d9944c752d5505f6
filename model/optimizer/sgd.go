package optimizer

import "github.com/beamfit/beamfit/model/params"

// SGD is gradient descent, with momentum where momentum is not 0:
//
//	v = momentum·v - lr·g
//	p += v                    // nesterov: p += momentum·v - lr·g
//
// Arguments: learning_rate 0.01, momentum 0, nesterov False. Slots: v where momentum is not 0.
//
// Source: keras/src/optimizers/sgd.py.
type SGD struct {
	Momentum float64
	Nesterov bool
}

func newSGD(a *params.Args) Rule {
	o := SGD{Momentum: a.Float(0, "momentum"), Nesterov: a.Bool(false, "nesterov")}
	if !(o.Momentum >= 0 && o.Momentum <= 1) {
		a.Failf("argument momentum must lie from 0 to 1, found %v", o.Momentum)
	}
	return o
}

// Kind is "SGD".
func (SGD) Kind() string { return "SGD" }

// Slots is 1 with momentum, else 0.
func (o SGD) Slots() int {
	if o.Momentum == 0 {
		return 0
	}
	return 1
}
