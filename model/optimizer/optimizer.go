package optimizer

import "github.com/beamfit/beamfit/model/params"

// An Optimizer updates weights from gradients. It is immutable and safe for concurrent use; what it remembers lies in
// slots.
type Optimizer interface {
	// Name is Keras' class name.
	Name() string
	// Slots is the number of slots.
	Slots() int
	// SlotStart is the number that a slot, counted from 0, is filled with before the first step.
	SlotStart(slot int) float32
	// Update changes p and the slots by one step. All slices have one length. Nothing allocates. Weights may be updated
	// in several parts with the same iteration.
	Update(iteration int64, p, g []float32, slots [][]float32)
}

// zeroStart is embedded by optimizers whose slots all start as zeros.
type zeroStart struct{}

// SlotStart is 0.
func (zeroStart) SlotStart(int) float32 { return 0 }

// notNegative refuses a negative number and NaN.
func notNegative(a *params.Args, name string, v float64) {
	if !(v >= 0) {
		a.Failf("argument %s must not be negative, found %v", name, v)
	}
}

// positiveOrZero reads an argument that must not be negative.
func positiveOrZero(a *params.Args, byDefault float64, name string) float64 {
	v := a.Float(byDefault, name)
	notNegative(a, name, v)
	return v
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
func epsilon(a *params.Args) float64 { return positiveOrZero(a, 1e-7, "epsilon") }
