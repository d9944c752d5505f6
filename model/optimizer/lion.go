package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// Lion steps by the sign of the momentum, which makes all steps of one size:
//
//	p -= lr·sign(beta_1·m + (1 - beta_1)·g)
//	m = beta_2·m + (1 - beta_2)·g
//
// Arguments: learning_rate 0.001, beta_1 0.9 (above 0, at most 1), beta_2 0.99. Slots: m.
//
// Source: keras/src/optimizers/lion.py.
type Lion struct {
	zeroStart
	rate         rate
	beta1, beta2 float64
}

func newLion(a *params.Args, r rate) Optimizer {
	o := &Lion{rate: r, beta1: rounded(a.Float(0.9, "beta_1")), beta2: rounded(share(a, 0.99, "beta_2"))}
	if !(o.beta1 > 0 && o.beta1 <= 1) {
		a.Failf("argument beta_1 must be above 0 and at most 1, found %v", o.beta1)
	}
	return o
}

// Name is "Lion".
func (o *Lion) Name() string { return "Lion" }

// Slots is 1.
func (o *Lion) Slots() int { return 1 }

// Update makes one step.
func (o *Lion) Update(iteration int64, p, g []float32, slots [][]float32) {
	kernels.Lion(p, g, slots[0], o.rate.at(iteration), o.beta1, o.beta2)
}
