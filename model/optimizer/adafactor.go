package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Adafactor divides the gradient by its size, which for an array of two dimensions and more is kept as means over its last dimension, r, and over the one
// before, c; with t = iteration + 1 and b = 1 - t^beta_2_decay:
//
//	r = b·r + (1-b)·mean(g² + epsilon_1),  c alike
//	v = r/mean(r)·c                                  // of a vector: v = b·v + (1-b)·(g² + epsilon_1)
//	d = g/√v
//	p -= max(epsilon_2, rms(p))·min(lr, 1/√t)·d/max(1, rms(d)/clip_threshold)
//
// Where v is too small for float32, Keras divides 0 by 0; here the weight stays as it is, since v is computed in float64.
//
// Arguments: learning_rate 0.001, beta_2_decay -0.8, epsilon_1 1e-30, epsilon_2 1e-3, clip_threshold 1, relative_step True, which
// changes nothing: Keras takes the smaller of lr and 1/√t in either case. Slots: r or v, and c.
//
// Source: keras/src/optimizers/adafactor.py.
type Adafactor struct{ Decay, Epsilon1, Epsilon2, Threshold float64 }

func newAdafactor(a *params.Args) Rule {
	o := Adafactor{
		Decay: a.Float(-0.8, "beta_2_decay"), Epsilon1: positiveOrZero(a, 1e-30, "epsilon_1"), Epsilon2: positiveOrZero(a, 1e-3, "epsilon_2"),
		Threshold: a.Float(1, "clip_threshold"),
	}
	a.Bool(true, "relative_step")
	if !(o.Decay <= 0) {
		a.Failf("argument beta_2_decay must not be positive, found %v", o.Decay)
	}
	if !(o.Threshold > 0) {
		a.Failf("argument clip_threshold must be above 0, found %v", o.Threshold)
	}
	return o
}

// Kind is "Adafactor".
func (Adafactor) Kind() string { return "Adafactor" }

// Slots is 2.
func (Adafactor) Slots() int { return 2 }

func (Adafactor) ofArrays() {}

func (o Adafactor) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	return Scalars{Rate: rate, Corrected: min(rate, 1/math.Sqrt(t)), Square: 1 - math.Pow(t, o.Decay)}
}
