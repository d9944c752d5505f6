package optimizer

import "github.com/beamfit/beamfit/model/params"

// An Optimizer is how weights are updated from gradients. A step adds the gradients to those of steps before, bounds them, shrinks the weights, changes
// them by the rule and keeps their average, whatever of this there is. It is immutable and safe for concurrent use; what a rule, the average
// and the sum of gradients remember lies in slots, in this order.
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
	// Accumulation is the number of steps whose gradients make one of the rule; 0: each does.
	Accumulation int64

	rate      rate
	corrector corrector // the Rule; nil: it takes the rate as it is
	begins    bool      // a slot starts as the weights
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
	// Corrected is Rate with the corrections for running means that began at 0, of Adam and Adamax, the smaller of Rate and 1/√t of Adafactor, and
	// Rate after a warm-up of ScheduleFreeAdamW.
	Corrected float64
	// Mean, Gradient and Square are Nadam's factors of m, g and v, and Lamb's of m and v. Mean is the weight of a step in the mean of
	// ScheduleFreeAdamW and Square its factor of v; Square is the share of Adafactor's means that stays.
	Mean, Gradient, Square float64
	// First: the average of the weights begins with this step. Overwrite: it becomes the weights after this step.
	First, Overwrite bool
	// Hold: gradients are added up only. Begin: slots that start as the weights are filled before this step.
	Hold, Begin bool
}

// Scalars are those of a step, of which iteration were done before.
func (o *Optimizer) Scalars(iteration int64) Scalars { return o.ScalarsAt(iteration, iteration) }

// ScalarsAt are those of a step before which the slots have seen iteration steps, at another place of the learning rate's schedule (or
// decay): that of all shards' steps together, or that of slots which were made anew.
func (o *Optimizer) ScalarsAt(iteration, place int64) Scalars {
	s := Scalars{Rate: o.rate.at(place)}
	updates, hold := iteration, false
	if o.Accumulation > 0 {
		updates, hold = iteration/o.Accumulation, (iteration+1)%o.Accumulation != 0
	}
	if o.corrector != nil {
		s = o.corrector.correct(s.Rate, updates)
	}
	if o.Averaging != nil {
		s.First = updates == 0
		s.Overwrite = o.Averaging.Every > 0 && (updates+1)%o.Averaging.Every == 0
	}
	s.Hold, s.Begin = hold, o.begins && iteration == 0
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
	n := o.Rule.Slots()
	if o.Averaging != nil {
		n++
	}
	if o.Accumulation > 0 {
		n++
	}
	return n
}

// ByArray says whether the rule looks at a whole array of weights at once, or is not the same for all of them.
func (o *Optimizer) ByArray() bool {
	_, is := o.Rule.(interface{ ofArrays() })
	return is
}

// Of is the rule of an array of weights, which Keras knows by a path, and its weight decay.
func (o *Optimizer) Of(path string, shape []int) (Rule, float64) {
	if r, ok := o.Rule.(interface {
		of(path string, shape []int) (Rule, float64)
	}); ok {
		return r.of(path, shape)
	}
	return o.Rule, o.WeightDecay
}

// StartsAsWeights says whether the rule's first slot is filled with the weights in the first step.
func (o *Optimizer) StartsAsWeights() bool { return o.begins }

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
