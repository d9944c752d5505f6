package optimizer

import "github.com/beamfit/beamfit/model/params"

// An Optimizer updates weights from gradients. It is immutable and safe for concurrent use; what it remembers lies in
// slots, which start as zeros.
type Optimizer interface {
	// Name is Keras' class name.
	Name() string
	// Slots is the number of slots.
	Slots() int
	// Update changes p and the slots by one step. All slices have one length. Nothing allocates. Weights may be updated
	// in several parts with the same iteration.
	Update(iteration int64, p, g []float32, slots [][]float32)
}

// A rate is a learning rate that may decay.
type rate struct{ initial, decay float64 }

// readRate reads learning_rate (or lr) and decay.
func readRate(a *params.Args, byDefault float64) rate {
	r := rate{a.Float(byDefault, "learning_rate", "lr"), a.Float(0, "decay")}
	notNegative(a, "learning_rate", r.initial)
	notNegative(a, "decay", r.decay)
	return r
}

// at is the rate of a step.
func (r rate) at(iteration int64) float64 {
	return r.initial / (1 + r.decay*float64(iteration))
}

// notNegative refuses a negative number and NaN.
func notNegative(a *params.Args, name string, v float64) {
	if !(v >= 0) {
		a.Failf("argument %s must not be negative, found %v", name, v)
	}
}

// share reads an argument that must lie from 0 up to but not including 1.
func share(a *params.Args, byDefault float64, name string) float64 {
	v := a.Float(byDefault, name)
	if !(v >= 0 && v < 1) {
		a.Failf("argument %s must be at least 0 and below 1, found %v", name, v)
	}
	return v
}

// epsilon reads the argument of that name, whose default is keras.config.epsilon().
func epsilon(a *params.Args) float64 {
	e := a.Float(1e-7, "epsilon")
	notNegative(a, "epsilon", e)
	return e
}
