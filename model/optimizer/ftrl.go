package optimizer

import "github.com/beamfit/beamfit/model/params"

// Ftrl is "follow the regularised leader", with e = -learning_rate_power and l2 = l2_regularization_strength +
// beta/(2·lr):
//
//	q = s + g²
//	z += g + 2·l2_shrinkage_regularization_strength·p - (qᵉ - sᵉ)/lr · p
//	p = (clip(z, -l1_regularization_strength, l1_regularization_strength) - z) / (qᵉ/lr + 2·l2)
//	s = q
//
// Arguments: learning_rate 0.001, learning_rate_power -0.5, initial_accumulator_value 0.1, the three strengths 0, beta 0.
// Slots: s, which starts as initial_accumulator_value, and z.
//
// Source: keras/src/optimizers/ftrl.py.
type Ftrl struct{ Initial, Power, L1, L2, Shrinkage, Beta float64 }

func newFtrl(a *params.Args) Rule {
	o := Ftrl{
		Initial:   positiveOrZero(a, 0.1, "initial_accumulator_value"),
		Power:     a.Float(-0.5, "learning_rate_power"),
		L1:        positiveOrZero(a, 0, "l1_regularization_strength"),
		L2:        positiveOrZero(a, 0, "l2_regularization_strength"),
		Shrinkage: positiveOrZero(a, 0, "l2_shrinkage_regularization_strength"),
		Beta:      positiveOrZero(a, 0, "beta"),
	}
	if !(o.Power <= 0) {
		a.Failf("argument learning_rate_power must not be positive, found %v", o.Power)
	}
	return o
}

// Kind is "Ftrl".
func (Ftrl) Kind() string { return "Ftrl" }

// Slots is 2.
func (Ftrl) Slots() int { return 2 }

func (o Ftrl) slotStart(slot int) float32 {
	if slot == 0 {
		return float32(o.Initial)
	}
	return 0
}
