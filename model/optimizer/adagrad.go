package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// Adagrad divides the gradient by the size of all gradients so far:
//
//	s += g²
//	p -= lr·g / √(s + epsilon)
//
// Arguments: learning_rate 0.001, initial_accumulator_value 0.1, epsilon 1e-7. Slots: s, which starts as
// initial_accumulator_value.
//
// Source: keras/src/optimizers/adagrad.py.
type Adagrad struct {
	rate             rate
	initial, epsilon float64
}

func newAdagrad(a *params.Args, r rate) Optimizer {
	return &Adagrad{rate: r, initial: positiveOrZero(a, 0.1, "initial_accumulator_value"), epsilon: epsilon(a)}
}

// Name is "Adagrad".
func (o *Adagrad) Name() string { return "Adagrad" }

// Slots is 1.
func (o *Adagrad) Slots() int { return 1 }

// SlotStart is initial_accumulator_value.
func (o *Adagrad) SlotStart(int) float32 { return float32(o.initial) }

// Update makes one step.
func (o *Adagrad) Update(iteration int64, p, g []float32, slots [][]float32) {
	kernels.Adagrad(p, g, slots[0], o.rate.at(iteration), o.epsilon)
}
