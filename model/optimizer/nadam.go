package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Nadam is Adam with Nesterov momentum, with t = iteration + 1, uₜ = beta_1·(1 - 0.96ᵗ/2) and Uₜ = u₁·u₂·...·uₜ:
//
//	m += (g - m)·(1 - beta_1)
//	v += (g² - v)·(1 - beta_2)
//	p -= lr·(uₜ₊₁/(1-Uₜ₊₁)·m + (1-uₜ)/(1-Uₜ)·g) / (√(v/(1 - beta_2ᵗ)) + epsilon)
//
// Arguments: learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7. Slots: m, v.
//
// Source: keras/src/optimizers/nadam.py.
type Nadam struct{ Beta1, Beta2, Epsilon float64 }

func newNadam(a *params.Args) Rule {
	return Nadam{Beta1: rounded(share(a, 0.9, "beta_1")), Beta2: rounded(share(a, 0.999, "beta_2")), Epsilon: epsilon(a)}
}

// Kind is "Nadam".
func (Nadam) Kind() string { return "Nadam" }

// Slots is 2.
func (Nadam) Slots() int { return 2 }

func (o Nadam) correct(rate float64, iteration int64) Scalars {
	t := iteration + 1
	u, next := o.Beta1*warming(t), o.Beta1*warming(t+1)
	product := math.Pow(o.Beta1, float64(t)) * warmingProducts[min(t, warmingSteps)]
	return Scalars{
		Rate: rate, Mean: next / (1 - product*next), Gradient: (1 - u) / (1 - product), Square: 1 / correction(o.Beta2, float64(t)),
	}
}

// warming is the share of beta_1 in step t.
func warming(t int64) float64 { return 1 - 0.5*math.Pow(0.96, float64(t)) }

// warmingSteps is where the product of warming has settled: 0.96^1000 is below 1e-17.
const warmingSteps = 1000

// warmingProducts are the products of warming up to each step.
var warmingProducts = func() (products [warmingSteps + 1]float64) {
	products[0] = 1
	for t := 1; t <= warmingSteps; t++ {
		products[t] = products[t-1] * warming(int64(t))
	}
	return products
}()
