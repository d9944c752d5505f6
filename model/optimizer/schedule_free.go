package optimizer

import "github.com/beamfit/beamfit/model/params"

// ScheduleFreeAdamW takes gradients between a sequence z that makes Adam's steps without momentum and the mean x of that sequence, with
// t = iteration + 1, w = 1/t and r = lr·min(t/warmup_steps, 1); p is what lies between them:
//
//	v += (g² - v)·(1 - beta_2)
//	x = (p - (1 - beta_1)·z)/beta_1
//	z -= r·g/(√(v/(1 - beta_2ᵗ)) + epsilon)
//	x += (z - x)·w
//	p = (1 - beta_1)·z + beta_1·x
//
// Arguments: learning_rate 0.0025, beta_1 0.9, beta_2 0.999, epsilon 1e-8, warmup_steps 0. Slots: z, which starts as the
// weights, and v. x has no slot, and drops out of the sum.
//
// Source: keras/src/optimizers/schedule_free_adamw.py.
type ScheduleFreeAdamW struct {
	Beta1, Beta2, Epsilon float64
	WarmUp                int
}

func newScheduleFreeAdamW(a *params.Args) Rule {
	o := ScheduleFreeAdamW{
		Beta1: share(a, 0.9, "beta_1"), Beta2: share(a, 0.999, "beta_2"), Epsilon: positiveOrZero(a, 1e-8, "epsilon"), WarmUp: a.Int(0, "warmup_steps"),
	}
	if !(o.Beta1 > 0) {
		a.Failf("argument beta_1 must be above 0 and below 1, found %v", o.Beta1)
	}
	if o.WarmUp < 0 {
		a.Failf("argument warmup_steps must not be negative, found %d", o.WarmUp)
	}
	return o
}

// Kind is "ScheduleFreeAdamW".
func (ScheduleFreeAdamW) Kind() string { return "ScheduleFreeAdamW" }

// Slots is 2.
func (ScheduleFreeAdamW) Slots() int { return 2 }

func (ScheduleFreeAdamW) startsAsWeights() {}

func (o ScheduleFreeAdamW) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	s := Scalars{Rate: rate, Corrected: rate, Mean: 1 / t, Square: 1 / correction(o.Beta2, t)}
	if o.WarmUp > 0 {
		s.Corrected *= min(t/float64(o.WarmUp), 1)
	}
	return s
}
