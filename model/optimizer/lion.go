package optimizer

import "github.com/beamfit/beamfit/model/params"

// Lion steps by the sign of the momentum, which makes all steps of one size:
//
//	p -= lr·sign(beta_1·m + (1 - beta_1)·g)
//	m = beta_2·m + (1 - beta_2)·g
//
// Arguments: learning_rate 0.001, beta_1 0.9 (above 0, at most 1), beta_2 0.99. Slots: m.
//
// Source: keras/src/optimizers/lion.py.
type Lion struct{ Beta1, Beta2 float64 }

func newLion(a *params.Args) Rule {
	o := Lion{Beta1: rounded(a.Float(0.9, "beta_1")), Beta2: rounded(share(a, 0.99, "beta_2"))}
	if !(o.Beta1 > 0 && o.Beta1 <= 1) {
		a.Failf("argument beta_1 must be above 0 and at most 1, found %v", o.Beta1)
	}
	return o
}

// Kind is "Lion".
func (Lion) Kind() string { return "Lion" }

// Slots is 1.
func (Lion) Slots() int { return 1 }
