package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// SGD is gradient descent, with momentum where momentum is not 0:
//
//	v = momentum·v - lr·g
//	p += v                    // nesterov: p += momentum·v - lr·g
//
// Arguments: learning_rate 0.01, momentum 0, nesterov False. Slots: v where momentum is not 0.
//
// Source: keras/src/optimizers/sgd.py.
type SGD struct {
	zeroStart
	rate     rate
	momentum float64
	nesterov bool
}

func newSGD(a *params.Args, r rate) Optimizer {
	o := &SGD{rate: r, momentum: a.Float(0, "momentum"), nesterov: a.Bool(false, "nesterov")}
	if !(o.momentum >= 0 && o.momentum <= 1) {
		a.Failf("argument momentum must lie from 0 to 1, found %v", o.momentum)
	}
	return o
}

// Name is "SGD".
func (o *SGD) Name() string { return "SGD" }

// Slots is 1 with momentum, else 0.
func (o *SGD) Slots() int {
	if o.momentum == 0 {
		return 0
	}
	return 1
}

// Update makes one step.
func (o *SGD) Update(iteration int64, p, g []float32, slots [][]float32) {
	lr := o.rate.at(iteration)
	if o.momentum == 0 {
		kernels.SGD(p, g, lr)
		return
	}
	kernels.SGDMomentum(p, g, slots[0], lr, o.momentum, o.nesterov)
}
