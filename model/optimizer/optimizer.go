package optimizer

import "github.com/beamfit/beamfit/model/params"

// An Optimizer is how weights are updated from gradients. A step bounds the gradients, shrinks the weights, changes them by the rule
// and keeps their average, whatever of this there is. It is immutable and safe for concurrent use; what a rule and the average
// remember lies in slots, in this order.
type Optimizer struct {
	// Name is Keras' class name.
	Name string
	// Rule changes the weights.
	Rule Rule
	// Clip bounds the gradients.
	Clip Clip
	// WeightDecay is the share of its learning rate by which every weight shrinks; 0: none.
	WeightDecay float64
	// Averaging keeps an average of the weights; nil: none.
	Averaging *Averaging

	rate      rate
	corrector corrector // the Rule; nil: it takes the rate as it is
}

// A corrector is a rule that corrects the scalars of a step for running means that began at 0.
type corrector interface {
	correct(rate float64, iteration int64) Scalars
}

// A Rule is how weights change by their gradients: one of this package's structs, each in the file of its optimizer. It is data,
// whose fields are the numbers that stay from step to step; a device has a kernel for every kind.
type Rule interface {
	// Kind is Keras' class name of the optimizer, Adam for AdamW.
	Kind() string
	// Slots is the number of the rule's slots.
	Slots() int
}

// Scalars are the numbers that change from step to step, in float64. Together with the rule's own they are all that a device needs.
type Scalars struct {
	// Rate is the learning rate.
	Rate float64
	// Corrected is Rate with the corrections for running means that began at 0, of Adam and Adamax.
	Corrected float64
	// Mean, Gradient and Square are Nadam's factors of m, g and v.
	Mean, Gradient, Square float64
	// First: the average of the weights begins with this step. Overwrite: it becomes the weights after this step.
	First, Overwrite bool
}

// Scalars are those of a step, of which iteration were done before.
func (o *Optimizer) Scalars(iteration int64) Scalars { return o.ScalarsAt(iteration, iteration) }

// ScalarsAt are those of a step before which the slots have seen iteration steps, at another place of the learning rate's schedule (or
// decay): that of all shards' steps together, or that of slots which were made anew.
func (o *Optimizer) ScalarsAt(iteration, place int64) Scalars {
	s := Scalars{Rate: o.rate.at(place)}
	if o.corrector != nil {
		s = o.corrector.correct(s.Rate, iteration)
	}
	if o.Averaging != nil {
		s.First = iteration == 0
		s.Overwrite = o.Averaging.Every > 0 && (iteration+1)%o.Averaging.Every == 0
	}
	return s
}

// LearningRate is the learning rate that arguments gave, before decay; ok is false where it follows a schedule.
func (o *Optimizer) LearningRate() (rate float64, ok bool) {
	return o.rate.initial, o.rate.schedule == nil
}

// RateChanges says whether the learning rate changes with the steps, by a schedule or decay.
func (o *Optimizer) RateChanges() bool { return o.rate.schedule != nil || o.rate.decay != 0 }

// RateAt is the learning rate at a place of its schedule or decay.
func (o *Optimizer) RateAt(place int64) float64 { return o.rate.at(place) }

// WithRate is the optimizer with another learning rate. Its decay stays, a schedule does not.
func (o *Optimizer) WithRate(learningRate float64) *Optimizer {
	other := *o
	other.rate = rate{initial: learningRate, decay: o.rate.decay}
	return &other
}

// Slots is the number of slots.
func (o *Optimizer) Slots() int {
	if o.Averaging != nil {
		return o.Rule.Slots() + 1
	}
	return o.Rule.Slots()
}

// SlotStart is the number that a slot, counted from 0, is filled with before the first step.
func (o *Optimizer) SlotStart(slot int) float32 {
	if r, ok := o.Rule.(interface{ slotStart(int) float32 }); ok && slot < o.Rule.Slots() {
		return r.slotStart(slot)
	}
	return 0
}

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
