package callback

import (
	"fmt"
	"strings"
)

// newModelCheckpoint keeps the weights of the best iteration for the model table: with save_best_only those of the best monitor, better than
// initial_value_threshold where it is given. Without, the table holds those of the last iteration, as it does anyway.
//
// Arguments: filepath, for which the table stands; monitor 'val_loss', verbose 0, save_best_only False, save_weights_only False, mode
// 'auto', save_freq 'epoch' and no other, initial_value_threshold None.
//
// Source: keras/src/callbacks/model_checkpoint.py.
func newModelCheckpoint(a *reader) item {
	if path := a.Text("", "filepath"); path != "" {
		a.notice("%s is not written, the weights are in the model table", path)
	}
	if v := a.Value("save_freq"); v != nil && v != "epoch" {
		a.Failf("argument save_freq must be 'epoch': the weights of all shards together are there after an iteration only, found %v", v)
	}
	a.Bool(false, "save_weights_only") // the row of the model has both
	c := modelCheckpoint{verbose: a.verbose(), best: a.optional("initial_value_threshold")}
	if !a.Bool(false, "save_best_only") {
		a.Text("", "monitor")
		a.Text("", "mode")
		a.notice("the model table holds the weights of the last iteration anyway; save_best_only=True makes it those of the best")
		return item{quiet: true, begin: func() callback { return nothing{} }}
	}
	c.monitor = a.monitor()
	return item{keeps: true, first: true, begin: func() callback { s := c; return &s }}
}

type modelCheckpoint struct {
	monitor
	verbose bool
	best    *float64
}

func (c *modelCheckpoint) after(m *moment) {
	current := c.value(m.logs)
	before := "none"
	if c.best != nil {
		before = text(*c.best)
	}
	note := fmt.Sprintf("iteration %d: %s did not improve from %s", m.iteration, c.name, before)
	if c.best == nil || c.improves(current, *c.best) {
		c.best = &current
		m.keep()
		note = fmt.Sprintf("iteration %d: %s improved from %s to %s, its weights are kept", m.iteration, c.name, before, text(current))
	}
	if c.verbose {
		m.Notes = append(m.Notes, strings.TrimSpace(note))
	}
}

// nothing is a callback that does nothing.
type nothing struct{}

func (nothing) after(*moment) {}
