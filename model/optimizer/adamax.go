package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// Adamax is Adam with the largest gradient so far, which fades, in place of the running mean of squares, with t =
// iteration + 1:
//
//	m += (g - m)·(1 - beta_1)
//	u = max(beta_2·u, |g|)
//	p -= lr/(1 - beta_1ᵗ) · m / (u + epsilon)
//
// Arguments: learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7. Slots: m, u.
//
// Source: keras/src/optimizers/adamax.py.
type Adamax struct {
	zeroStart
	rate                  rate
	beta1, beta2, epsilon float64
}

func newAdamax(a *params.Args, r rate) Optimizer {
	return &Adamax{rate: r, beta1: share(a, 0.9, "beta_1"), beta2: share(a, 0.999, "beta_2"), epsilon: epsilon(a)}
}

// Name is "Adamax".
func (o *Adamax) Name() string { return "Adamax" }

// Slots is 2.
func (o *Adamax) Slots() int { return 2 }

// Update makes one step.
func (o *Adamax) Update(iteration int64, p, g []float32, slots [][]float32) {
	lr := o.rate.at(iteration) / correction(o.beta1, float64(iteration+1))
	kernels.Adamax(p, g, slots[0], slots[1], lr, o.beta1, o.beta2, o.epsilon)
}
