package callback

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
)

// A monitor is a value that callbacks look at.
//
// Source: keras/src/callbacks/monitor_callback.py.
type monitor struct {
	name     string
	up       bool
	minDelta float64 // the least change that counts
}

// monitor reads monitor and mode. Keras warns of a monitor that no logs have, and does nothing; here it is an error.
func (a *reader) monitor() monitor {
	m := monitor{name: a.Text("val_loss", "monitor")}
	better := a.better(m.name)
	switch mode := a.Choice("auto", "mode", "auto", "min", "max"); {
	case mode == "max", mode == "auto" && better == metric.Up:
		m.up = true
	case mode == "auto" && better == metric.Neither:
		a.Failf("Keras does not know whether %s is better large or small: give mode='max' or mode='min'", m.name)
	}
	return m
}

// better finds the monitored value among those that logs will have.
func (a *reader) better(name string) metric.Direction {
	if a.model == nil {
		return metric.Up
	}
	plain, validation := strings.CutPrefix(name, "val_")
	known := []string{"loss"}
	better := metric.Down
	for _, m := range a.model.Metrics {
		known = append(known, m.Name)
		if m.Name == plain {
			better = m.Better
		}
	}
	if a.model.Validation {
		for _, k := range slices.Clone(known) {
			known = append(known, "val_"+k)
		}
	}
	switch {
	case slices.Contains(known, name):
	case validation && slices.Contains(known, plain):
		a.Failf("monitor=%s needs a validation table: give one (--validation), or monitor=%s", name, plain)
	default:
		a.Failf("monitor=%s: there is no such value; %s", name, nearest.Known(name, known))
	}
	return better
}

// improves tells whether a value is better than another one, by more than minDelta. Keras compares in float32.
func (m monitor) improves(value, than float64) bool {
	if m.up {
		return float32(value-m.minDelta) > float32(than)
	}
	return float32(value+m.minDelta) < float32(than)
}

// value is the monitored value of logs.
func (m monitor) value(logs Logs) float64 {
	v, _ := logs.Get(m.name)
	return v
}

// optional reads a number that may be absent.
func (a *reader) optional(name string) *float64 {
	if !a.Has(name) {
		return nil
	}
	v := a.Float(0, name)
	return &v
}

// text is a value as messages have it.
func text(v float64) string { return fmt.Sprintf("%.6g", v) }
