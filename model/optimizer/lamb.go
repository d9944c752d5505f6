package optimizer

import "github.com/beamfit/beamfit/model/params"

// Lamb makes Adam's step on every array of weights as long as a share of the array itself, with t = iteration + 1:
//
//	m += (g - m)·(1 - beta_1)
//	v += (g² - v)·(1 - beta_2)
//	d = m/(1 - beta_1ᵗ) / (√(v/(1 - beta_2ᵗ)) + epsilon)
//	p -= lr·‖p‖/‖d‖·d                                      // where a norm is 0: p -= lr·d
//
// Arguments: learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7. Slots: m, v.
//
// Source: keras/src/optimizers/lamb.py.
type Lamb struct{ Beta1, Beta2, Epsilon float64 }

func newLamb(a *params.Args) Rule {
	return Lamb{Beta1: share(a, 0.9, "beta_1"), Beta2: share(a, 0.999, "beta_2"), Epsilon: epsilon(a)}
}

// Kind is "Lamb".
func (Lamb) Kind() string { return "Lamb" }

// Slots is 2.
func (Lamb) Slots() int { return 2 }

func (Lamb) ofArrays() {}

func (o Lamb) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	return Scalars{Rate: rate, Mean: 1 / correction(o.Beta1, t), Square: 1 / correction(o.Beta2, t)}
}
