package optimizer

import "github.com/beamfit/beamfit/model/params"

// Adagrad divides the gradient by the size of all gradients so far:
//
//	s += g²
//	p -= lr·g / √(s + epsilon)
//
// Arguments: learning_rate 0.001, initial_accumulator_value 0.1, epsilon 1e-7. Slots: s, which starts as
// initial_accumulator_value.
//
// Source: keras/src/optimizers/adagrad.py.
type Adagrad struct{ Initial, Epsilon float64 }

func newAdagrad(a *params.Args) Rule {
	return Adagrad{Initial: positiveOrZero(a, 0.1, "initial_accumulator_value"), Epsilon: epsilon(a)}
}

// Kind is "Adagrad".
func (Adagrad) Kind() string { return "Adagrad" }

// Slots is 1.
func (Adagrad) Slots() int { return 1 }

func (o Adagrad) slotStart(int) float32 { return float32(o.Initial) }
