package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// Adadelta scales the gradient by the size of the steps so far over the size of the gradients so far:
//
//	s = rho·s + (1-rho)·g²
//	d = -g·√(u + epsilon) / √(s + epsilon)
//	u = rho·u + (1-rho)·d²
//	p += lr·d
//
// Arguments: learning_rate 0.001, rho 0.95, epsilon 1e-7. Slots: s, u.
//
// Source: keras/src/optimizers/adadelta.py.
type Adadelta struct {
	zeroStart
	rate         rate
	rho, epsilon float64
}

func newAdadelta(a *params.Args, r rate) Optimizer {
	return &Adadelta{rate: r, rho: share(a, 0.95, "rho"), epsilon: epsilon(a)}
}

// Name is "Adadelta".
func (o *Adadelta) Name() string { return "Adadelta" }

// Slots is 2.
func (o *Adadelta) Slots() int { return 2 }

// Update makes one step.
func (o *Adadelta) Update(iteration int64, p, g []float32, slots [][]float32) {
	kernels.Adadelta(p, g, slots[0], slots[1], o.rate.at(iteration), o.rho, o.epsilon)
}
