package optimizer

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// A Finisher is an optimizer that sets the weights once more where training ends: with every Keras fit, which is an iteration
// of a shard here.
type Finisher interface {
	Optimizer
	// Finish sets the weights p after the last step. All slices have one length. Weights may be set in several parts.
	Finish(p []float32, slots [][]float32)
}

// FinisherOf finds the Finisher in what New made, nil where there is none.
func FinisherOf(o Optimizer) Finisher {
	if c, ok := o.(interface{ inner() Optimizer }); ok {
		o = c.inner()
	}
	f, _ := o.(Finisher)
	return f
}

// An averaging optimizer keeps a moving average of the weights, which becomes the weights where training ends:
//
//	average = ema_momentum·average + (1 - ema_momentum)·p  // after every step; the first time, average = p
//	p = average                                            // after every ema_overwrite_frequency steps, and at the end
//
// Slots: those of the optimizer inside, then the average.
//
// Source: keras/src/optimizers/base_optimizer.py, _update_model_variables_moving_average, finalize_variable_values.
type averaging struct {
	Optimizer
	momentum  float64
	frequency int64 // 0: never before the end
}

// withAveraging reads use_ema False, ema_momentum 0.99 and ema_overwrite_frequency None.
func withAveraging(a *params.Args, o Optimizer) Optimizer {
	on, momentum, frequency := a.Bool(false, "use_ema"), a.Float(0.99, "ema_momentum"), a.Int(0, "ema_overwrite_frequency")
	if !on {
		return o
	}
	if !(momentum >= 0 && momentum <= 1) {
		a.Failf("argument ema_momentum must lie from 0 to 1, found %v", momentum)
	}
	if a.Has("ema_overwrite_frequency") && frequency < 1 {
		a.Failf("argument ema_overwrite_frequency must be at least 1, found %d", frequency)
	}
	return averaging{o, momentum, int64(frequency)}
}

// Slots is one more than without averaging.
func (o averaging) Slots() int { return o.Optimizer.Slots() + 1 }

// SlotStart is 0 for the average.
func (o averaging) SlotStart(slot int) float32 {
	if slot == o.Optimizer.Slots() {
		return 0
	}
	return o.Optimizer.SlotStart(slot)
}

// Update makes one step.
func (o averaging) Update(iteration int64, p, g []float32, slots [][]float32) {
	last := len(slots) - 1
	o.Optimizer.Update(iteration, p, g, slots[:last])
	if average := slots[last]; iteration == 0 {
		copy(average, p)
	} else {
		kernels.MovingAverage(o.momentum, average, p)
	}
	if o.frequency > 0 && (iteration+1)%o.frequency == 0 {
		o.Finish(p, slots)
	}
}

// Finish sets the weights to their average.
func (o averaging) Finish(p []float32, slots [][]float32) { copy(p, slots[len(slots)-1]) }
