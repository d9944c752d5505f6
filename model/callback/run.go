package callback

import (
	"fmt"
	"math"
	"slices"
)

// Logs are the values that are known after an iteration, in Keras' order.
type Logs []Value

// A Value is a value of logs.
type Value struct {
	Name  string
	Value float64
}

// Get is the value of a name.
func (l Logs) Get(name string) (v float64, ok bool) {
	for _, x := range l {
		if x.Name == name {
			return x.Value, true
		}
	}
	return 0, false
}

// set puts a value in, at the end where it is new.
func (l *Logs) set(name string, v float64) {
	for i := range *l {
		if (*l)[i].Name == name {
			(*l)[i].Value = v
			return
		}
	}
	*l = append(*l, Value{name, v})
}

// A Run is the callbacks of one fit under way. Iterations are counted from 1.
type Run struct {
	list   *List
	states []callback
	rate   float64 // in float32, as Keras holds it
	set    bool    // the rate is no more the optimizer's own
	last   int     // the iteration that was scored last
	best   int
}

// Begin is a Run before the first iteration.
func (l *List) Begin() *Run {
	r := &Run{list: l, rate: float64(float32(l.rate))}
	for _, i := range l.items {
		r.states = append(r.states, i.begin())
	}
	return r
}

// Before is called before every iteration, in their order. It returns the learning rate of the iteration; nil is the optimizer's own. A
// schedule that gives no learning rate is an error.
func (r *Run) Before(iteration int) (*float64, error) {
	for i, s := range r.states {
		s, ok := s.(scheduler)
		if !ok {
			continue
		}
		rate, err := s.before(iteration-1, r.rate)
		if err == nil && !(rate >= 0 && rate <= math.MaxFloat32) {
			err = fmt.Errorf("the learning rate is %v, expected a number of at least 0", rate)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: iteration %d: %w", r.list.items[i].name, iteration, err)
		}
		r.setRate(rate)
	}
	if !r.set {
		return nil, nil
	}
	rate := r.rate
	return &rate, nil
}

func (r *Run) setRate(rate float64) { r.rate, r.set = float64(float32(rate)), true }

// An Outcome is what callbacks decide after an iteration.
type Outcome struct {
	// Stop says why training ends after this iteration; "": it goes on.
	Stop string
	// Fail says why the fit fails; "": it does not.
	Fail string
	// Best: of all iterations so far, this one's weights are those that the model gets at the end.
	Best bool
	// Notes are what callbacks with verbose tell.
	Notes []string
	// Logged are the logs as each of List.Files found them, by its place in the list.
	Logged map[int]Logs
}

// A moment is the end of an iteration, of which epoch is Keras' number; iterations is how many there were since the one that was
// scored before it.
type moment struct {
	*Outcome
	run        *Run
	index      int // of the callback
	iteration  int
	epoch      int
	iterations int
	logs       Logs
}

// After is called after every iteration that was scored, in their order, with its logs.
func (r *Run) After(iteration int, logs Logs) Outcome {
	out := Outcome{Logged: map[int]Logs{}}
	m := &moment{Outcome: &out, run: r, iteration: iteration, epoch: iteration - 1, iterations: iteration - r.last, logs: slices.Clone(logs)}
	for i, s := range r.states {
		m.index = i
		s.after(m)
	}
	r.last = iteration
	if out.Best {
		r.best = iteration
	}
	return out
}

// BestIteration is the iteration whose weights the model gets if training ends now; 0: that of the last.
func (r *Run) BestIteration() int { return r.best }

// stop ends training, unless another callback has done so.
func (m *moment) stop(reason string) {
	if m.Stop == "" {
		m.Stop = reason
	}
}

// log notes logs for a callback that writes files.
func (m *moment) log(logs Logs) { m.Logged[m.index] = slices.Clone(logs) }

// keep says that the weights of the iteration are the best for the callback.
func (m *moment) keep() {
	if m.run.list.keeper == m.index {
		m.Best = true
	}
}

// finite tells whether a number is neither NaN nor infinite.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
