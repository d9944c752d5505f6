package callback

import (
	"fmt"
	"math"
)

// newReduceLROnPlateau multiplies the learning rate by factor when the monitor does not improve for patience iterations, down to min_lr,
// and then waits for cooldown iterations.
//
// Arguments: monitor 'val_loss', factor 0.1, patience 10, verbose 0, mode 'auto', min_delta 1e-4, cooldown 0, min_lr 0.
//
// Source: keras/src/callbacks/reduce_lr_on_plateau.py.
func newReduceLROnPlateau(a *reader) item {
	a.settable()
	r := reduceLROnPlateau{
		monitor: a.monitor(), factor: a.Float(0.1, "factor"), patience: a.count(10, "patience"), cooldown: a.count(0, "cooldown"),
		least: a.Float(0, "min_lr"), verbose: a.verbose(),
	}
	r.minDelta = math.Abs(a.Float(1e-4, "min_delta", "epsilon"))
	if !(r.factor >= 0 && r.factor < 1) {
		a.Failf("argument factor must be at least 0 and below 1, found %v", r.factor)
	}
	if !(r.least >= 0) {
		a.Failf("argument min_lr must not be negative, found %v", r.least)
	}
	return item{begin: func() callback { s := r; return &s }}
}

type reduceLROnPlateau struct {
	monitor
	factor   float64
	patience int
	cooldown int
	least    float64
	verbose  bool

	best    *float64
	wait    int
	cooling int // iterations left of cooldown
}

func (r *reduceLROnPlateau) after(m *moment) {
	m.logs.set(learningRate, m.run.rate)
	current := r.value(m.logs)
	if r.cooling > 0 {
		r.cooling = max(0, r.cooling-m.iterations)
		r.wait = 0
	}
	switch {
	case r.best == nil || r.improves(current, *r.best):
		r.best, r.wait = &current, 0
	case r.cooling == 0:
		r.wait += m.iterations
		if r.wait >= r.patience {
			r.reduce(m)
		}
	}
}

// reduce lowers the learning rate, where it is not at its least.
func (r *reduceLROnPlateau) reduce(m *moment) {
	if float32(m.run.rate) <= float32(r.least) {
		return
	}
	rate := max(m.run.rate*r.factor, r.least)
	m.run.setRate(rate)
	if r.verbose {
		m.Notes = append(m.Notes, fmt.Sprintf("iteration %d: ReduceLROnPlateau reduces the learning rate to %s", m.iteration, text(rate)))
	}
	r.cooling, r.wait = r.cooldown, 0
}

// learningRate is the name of the learning rate in logs.
const learningRate = "learning_rate"
