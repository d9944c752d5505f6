package optimizer

import "github.com/beamfit/beamfit/model/params"

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
type Adadelta struct{ Rho, Epsilon float64 }

func newAdadelta(a *params.Args) Rule {
	return Adadelta{Rho: share(a, 0.95, "rho"), Epsilon: epsilon(a)}
}

// Kind is "Adadelta".
func (Adadelta) Kind() string { return "Adadelta" }

// Slots is 2.
func (Adadelta) Slots() int { return 2 }
