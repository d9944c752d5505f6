package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Nadam is Adam with Nesterov momentum, with t = iteration + 1, uₜ = beta_1·(1 - 0.96^(t·schedule_decay)/2) and Uₜ = u₁·u₂·...·uₜ:
//
//	m += (g - m)·(1 - beta_1)
//	v += (g² - v)·(1 - beta_2)
//	p -= lr·(uₜ₊₁/(1-Uₜ₊₁)·m + (1-uₜ)/(1-Uₜ)·g) / (√(v/(1 - beta_2ᵗ)) + epsilon)
//
// Arguments: learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7; schedule_decay of Keras 2, which is 1 in Keras 3. Slots: m, v.
//
// Source: keras/src/optimizers/nadam.py; keras/optimizers.py of Keras 2.3 and keras/optimizers/legacy/nadam.py of tf.keras for schedule_decay.
type Nadam struct{ Beta1, Beta2, Epsilon, ScheduleDecay float64 }

func newNadam(a *params.Args) Rule {
	return Nadam{
		Beta1: rounded(share(a, 0.9, "beta_1")), Beta2: rounded(share(a, 0.999, "beta_2")), Epsilon: epsilon(a),
		ScheduleDecay: positiveOrZero(a, 1, "schedule_decay"),
	}
}

// Kind is "Nadam".
func (Nadam) Kind() string { return "Nadam" }

// Slots is 2.
func (Nadam) Slots() int { return 2 }

func (o Nadam) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	u, next := o.Beta1*o.warming(t), o.Beta1*o.warming(t+1)
	product := math.Pow(o.Beta1, t) * o.warmed(t)
	return Scalars{
		Rate: rate, Mean: next / (1 - product*next), Gradient: (1 - u) / (1 - product), Square: 1 / correction(o.Beta2, t),
	}
}

// warmingRate is the logarithm of the base of warming.
var warmingRate = math.Log(0.96)

// warming is the share of beta_1 in step t.
func (o Nadam) warming(t float64) float64 { return 1 - 0.5*math.Exp(t*o.ScheduleDecay*warmingRate) }

// warmed is the product of warming up to step t. Its logarithm is the sum of those of 1 - qʲ/2 for q = 0.96^schedule_decay and j = 1 ... t; as a series
// of powers each, these add up to geometric sums: -∑ₖ 2⁻ᵏ/k·(qᵏ + q²ᵏ + ... + qᵗᵏ).
func (o Nadam) warmed(t float64) float64 {
	sum := 0.0
	for k := 1.0; k < 60; k++ { // the rest is below 2⁻⁶⁰ of a term
		x := k * o.ScheduleDecay * warmingRate
		powers := t
		if x != 0 {
			powers = math.Exp(x) * math.Expm1(t*x) / math.Expm1(x)
		}
		sum -= math.Pow(0.5, k) / k * powers
	}
	return math.Exp(sum)
}
