package callback

import (
	"fmt"
	"math"
)

// newEarlyStopping ends training when the monitor does not improve for patience iterations, from start_from_epoch on.
// With restore_best_weights the model gets the weights of the best iteration, however training ends.
//
// Arguments: monitor 'val_loss', min_delta 0, patience 0, verbose 0, mode 'auto', baseline None, restore_best_weights False,
// start_from_epoch 0.
//
// Source: keras/src/callbacks/early_stopping.py.
func newEarlyStopping(a *reader) item {
	e := earlyStopping{
		monitor: a.monitor(), patience: a.count(0, "patience"), baseline: a.optional("baseline"),
		restore: a.Bool(false, "restore_best_weights"), from: a.count(0, "start_from_epoch"), verbose: a.verbose(),
	}
	e.minDelta = math.Abs(a.Float(0, "min_delta"))
	return item{keeps: e.restore, begin: func() callback { s := e; return &s }}
}

type earlyStopping struct {
	monitor
	patience int
	baseline *float64
	restore  bool
	from     int // epoch
	verbose  bool

	best   *float64
	bestAt int // iteration
	wait   int
	kept   bool
}

func (e *earlyStopping) after(m *moment) {
	if m.epoch < e.from {
		return
	}
	if e.restore && !e.kept {
		e.kept, e.bestAt = true, m.iteration
		m.keep()
	}
	current := e.value(m.logs)
	e.wait += min(m.iterations, m.epoch-e.from+1)
	if e.best == nil || e.improves(current, *e.best) {
		e.best, e.bestAt = &current, m.iteration
		m.keep()
		if e.baseline == nil || e.improves(current, *e.baseline) {
			e.wait = 0
		}
		return
	}
	if e.wait < e.patience || m.epoch == 0 {
		return
	}
	m.stop(fmt.Sprintf("EarlyStopping: %s is %s, no better than %s of iteration %d", e.name, text(current), text(*e.best), e.bestAt))
	if e.verbose {
		m.Notes = append(m.Notes, fmt.Sprintf("iteration %d: early stopping", m.iteration))
		if e.restore {
			m.Notes = append(m.Notes, fmt.Sprintf("the model gets the weights of its best iteration, %d", e.bestAt))
		}
	}
}
