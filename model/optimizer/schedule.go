package optimizer

import (
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// A Schedule is the learning rate of a step, from the number of steps before it.
type Schedule func(step int64) float64

// A rate is where the learning rate of a step comes from: a schedule, or initial/(1 + decay·iteration).
type rate struct {
	schedule       Schedule
	initial, decay float64
}

// at is the rate of a step.
func (r rate) at(iteration int64) float64 {
	if r.schedule != nil {
		return r.schedule(iteration)
	}
	return r.initial / (1 + r.decay*float64(iteration))
}

// schedules is every schedule of keras.optimizers.schedules: a new one is a function and a row here. order are its
// arguments in the order in which they may stand without names, those of Keras' signature.
var schedules = []struct {
	name  string
	order []string
	make  func(a *params.Args) Schedule
}{
	{"CosineDecay", []string{"initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps"}, cosineDecay},
	{"CosineDecayRestarts", []string{"initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name"}, cosineDecayRestarts},
	{"ExponentialDecay", []string{"initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name"}, exponentialDecay},
	{"InverseTimeDecay", []string{"initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name"}, inverseTimeDecay},
	{"PiecewiseConstantDecay", []string{"boundaries", "values", "name"}, piecewiseConstantDecay},
	{"PolynomialDecay", []string{"initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name"}, polynomialDecay},
}

// Schedules lists the learning rate schedules by Keras' class names, sorted.
func Schedules() []string {
	names := make([]string, len(schedules))
	for i, row := range schedules {
		names[i] = row.name
	}
	slices.Sort(names)
	return names
}

// readRate reads learning_rate (or lr), a number or a schedule, and decay.
func readRate(a *params.Args, byDefault float64) rate {
	if call, ok := a.Call("learning_rate", "lr"); ok {
		if a.Has("decay") {
			a.Failf("argument decay does not go together with a schedule")
		}
		schedule, err := NewSchedule(call)
		if err != nil {
			a.Failf("argument learning_rate: %w", err)
		}
		return rate{schedule: schedule}
	}
	initial, decay := a.Float(byDefault, "learning_rate", "lr"), a.Float(0, "decay")
	notNegative(a, "learning_rate", initial)
	notNegative(a, "decay", decay)
	return rate{initial: initial, decay: decay}
}

// NewSchedule makes the schedule of a call such as ExponentialDecay(0.1, 1000, 0.96). It refuses a name that is not in the table and
// arguments that the schedule does not have.
func NewSchedule(call params.Call) (Schedule, error) {
	for _, row := range schedules {
		if row.name == call.Name {
			a := params.NewArgs(call)
			a.Order(row.order...)
			a.Text("", "name")
			r := row.make(a)
			if err := a.Check(); err != nil {
				return nil, fmt.Errorf("%s: %w", row.name, err)
			}
			return r, nil
		}
	}
	return nil, fmt.Errorf("unknown schedule %q; %s", call.Name, nearest.Known(call.Name, Schedules()))
}

// start reads initial_learning_rate.
func start(a *params.Args) float64 {
	r := a.RequiredFloat("initial_learning_rate")
	notNegative(a, "initial_learning_rate", r)
	return r
}

// steps reads a number of steps, greater than 0.
func steps(a *params.Args, name string) float64 {
	n := a.RequiredFloat(name)
	if !(n > 0) {
		a.Failf("argument %s must be greater than 0, found %v", name, n)
	}
	return n
}

// progress reads staircase and gives the number of decays at a step: step/decay, whole where staircase.
func progress(a *params.Args, decay float64) func(iteration int64) float64 {
	if a.Bool(false, "staircase") {
		return func(iteration int64) float64 { return math.Floor(float64(iteration) / decay) }
	}
	return func(iteration int64) float64 { return float64(iteration) / decay }
}

// exponentialDecay is initial_learning_rate·decay_rate^(step/decay_steps).
//
// Arguments: the three, and staircase False: the exponent is rounded down.
//
// Source, of all schedules: keras/src/optimizers/schedules/learning_rate_schedule.py.
func exponentialDecay(a *params.Args) Schedule {
	initial, every, factor := start(a), steps(a, "decay_steps"), a.RequiredFloat("decay_rate")
	notNegative(a, "decay_rate", factor)
	decays := progress(a, every)
	return func(iteration int64) float64 { return initial * math.Pow(factor, decays(iteration)) }
}

// inverseTimeDecay is initial_learning_rate/(1 + decay_rate·step/decay_steps).
//
// Arguments: as exponentialDecay.
func inverseTimeDecay(a *params.Args) Schedule {
	initial, every, factor := start(a), steps(a, "decay_steps"), a.RequiredFloat("decay_rate")
	notNegative(a, "decay_rate", factor)
	decays := progress(a, every)
	return func(iteration int64) float64 { return initial / (1 + factor*decays(iteration)) }
}

// polynomialDecay is (initial_learning_rate - end)·(1 - step/decay_steps)^power + end up to decay_steps, then end; with
// cycle, decay_steps is replaced by its first multiple that is not below the step.
//
// Arguments: initial_learning_rate, decay_steps, end_learning_rate 0.0001, power 1, cycle False.
func polynomialDecay(a *params.Args) Schedule {
	initial, length := start(a), steps(a, "decay_steps")
	end, power, cycle := positiveOrZero(a, 0.0001, "end_learning_rate"), positiveOrZero(a, 1, "power"), a.Bool(false, "cycle")
	return func(iteration int64) float64 {
		step, over := float64(iteration), length
		if cycle {
			over *= max(1, math.Ceil(step/length))
		} else {
			step = min(step, length)
		}
		return (initial-end)*math.Pow(1-step/over, power) + end
	}
}

// cosineDecay is top·((1-alpha)·(1 + cos(π·step/decay_steps))/2 + alpha) up to decay_steps, then top·alpha, with top =
// initial_learning_rate. With warmup_target the rate first rises evenly to it in warmup_steps, and top is warmup_target.
//
// Arguments: initial_learning_rate, decay_steps, alpha 0, warmup_target None, warmup_steps 0.
func cosineDecay(a *params.Args) Schedule {
	initial, length, alpha := start(a), steps(a, "decay_steps"), positiveOrZero(a, 0, "alpha")
	top := initial
	warmup := positiveOrZero(a, 0, "warmup_steps")
	if a.Has("warmup_target") {
		top = positiveOrZero(a, 0, "warmup_target")
	} else {
		warmup = 0
	}
	return func(iteration int64) float64 {
		step := float64(iteration)
		if step < warmup {
			return (top-initial)*step/warmup + initial
		}
		return top * cosine(min(step-warmup, length)/length, 1, alpha)
	}
}

// cosine is half a period of a cosine from height to 0 over the share that is done, raised to end at alpha.
func cosine(done, height, alpha float64) float64 {
	return (1-alpha)*0.5*height*(1+math.Cos(math.Pi*done)) + alpha
}

// cosineDecayRestarts is cosineDecay in periods, each t_mul times as long and m_mul times as high as the one before.
//
// Arguments: initial_learning_rate, first_decay_steps, t_mul 2, m_mul 1, alpha 0.
func cosineDecayRestarts(a *params.Args) Schedule {
	initial, length := start(a), steps(a, "first_decay_steps")
	times, height, alpha := a.Float(2, "t_mul"), positiveOrZero(a, 1, "m_mul"), positiveOrZero(a, 0, "alpha")
	if !(times >= 1) {
		a.Failf("argument t_mul must be at least 1, found %v", times)
	}
	return func(iteration int64) float64 {
		done := float64(iteration) / length
		restarts := math.Floor(done)
		period := 1.0
		if times == 1 {
			done -= restarts
		} else {
			restarts = math.Floor(math.Log(1-done*(1-times)) / math.Log(times))
			period = math.Pow(times, restarts)
			done = (done - (1-period)/(1-times)) / period
		}
		return initial * cosine(done, math.Pow(height, restarts), alpha)
	}
}

// piecewiseConstantDecay is values[i] for the first i with step <= boundaries[i], and the last of values after them.
//
// Arguments: boundaries, in rising order, and values, one more.
func piecewiseConstantDecay(a *params.Args) Schedule {
	boundaries, values := a.Floats("boundaries"), a.Floats("values")
	if len(values) != len(boundaries)+1 {
		a.Failf("argument values must have one number more than boundaries, found %d and %d", len(values), len(boundaries))
		return nil
	}
	if !slices.IsSorted(boundaries) {
		a.Failf("argument boundaries must rise, found %v", boundaries)
	}
	for _, v := range values {
		notNegative(a, "values", v)
	}
	return func(iteration int64) float64 {
		for i, b := range boundaries {
			if float64(iteration) <= b {
				return values[i]
			}
		}
		return values[len(values)-1]
	}
}
