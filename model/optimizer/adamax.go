package optimizer

import "github.com/beamfit/beamfit/model/params"

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
type Adamax struct{ Beta1, Beta2, Epsilon float64 }

func newAdamax(a *params.Args) Rule {
	return Adamax{Beta1: share(a, 0.9, "beta_1"), Beta2: share(a, 0.999, "beta_2"), Epsilon: epsilon(a)}
}

// Kind is "Adamax".
func (Adamax) Kind() string { return "Adamax" }

// Slots is 2.
func (Adamax) Slots() int { return 2 }

func (o Adamax) correct(rate float64, iteration int64) Scalars {
	return Scalars{Rate: rate, Corrected: rate / correction(o.Beta1, float64(iteration+1))}
}
