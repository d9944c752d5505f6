package picture

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
)

// A Fit is what was measured while a model was trained.
type Fit struct {
	Name string // of the model
	// Iterations are those that were scored, and Seconds when each had ended, since the start of training.
	Iterations []int
	Seconds    []float64
	// Scores are the loss and the metrics.
	Scores []Score
}

// A Score is the loss or a metric, with a value per iteration of the fit that was scored.
type Score struct {
	Name                 string
	Training, Validation []float64 // Validation is nil without a validation table
}

// An Axis is what scores are drawn over.
type Axis string

// The axes of a History.
const (
	ByIteration Axis = "iteration"
	ByTime      Axis = "time"
)

// History draws the scores of fits, a panel per score: by iteration or by the time since each fit began. Of one fit, training and validation
// have each a colour; of several each fit has one, and validation is dashed. The loss has a logarithmic axis where its values differ by more
// than a hundred times.
func History(fits []Fit, by Axis) (*Figure, error) {
	if len(fits) > MaxStyles {
		return nil, fmt.Errorf("%d models: a picture has room for %d", len(fits), MaxStyles)
	}
	h := historyOf(fits, by)
	f := &Figure{across: 2, legend: h.legend()}
	for _, name := range h.names() {
		f.panels = append(f.panels, h.panel(name))
	}
	return f, nil
}

// Histories are the panels of History, each a figure.
func Histories(fits []Fit, by Axis) ([]*Figure, error) {
	all, err := History(fits, by)
	if err != nil {
		return nil, err
	}
	var out []*Figure
	for _, p := range all.panels {
		out = append(out, &Figure{across: 1, legend: all.legend, panels: []panel{p}})
	}
	return out, nil
}

// A history is what History draws.
type history struct {
	fits []Fit
	by   Axis
	unit timeUnit
}

func historyOf(fits []Fit, by Axis) history {
	h := history{fits: fits, by: by}
	longest := 0.0
	for _, f := range fits {
		for _, s := range f.Seconds {
			longest = max(longest, s)
		}
	}
	h.unit = timeUnits[0]
	for _, u := range timeUnits {
		if longest >= 3*u.seconds {
			h.unit = u
		}
	}
	return h
}

// A timeUnit is what time is counted in.
type timeUnit struct {
	name    string
	seconds float64
}

var timeUnits = []timeUnit{{"s", 1}, {"min", 60}, {"h", 3600}}

// names are those of all scores, the loss first as each fit has it.
func (h history) names() []string {
	var names []string
	for _, f := range h.fits {
		for _, s := range f.Scores {
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// place is where a line stands in the legend.
func (h history) place(fit int, validation bool) int {
	if len(h.fits) == 1 && validation {
		return 1
	}
	return fit
}

func (h history) legend() []entry {
	var out []entry
	add := func(name string, fit int, validation bool) {
		place := h.place(fit, validation)
		mark := markOf(place)
		out = append(out, entry{name, lineOf(place, validation), &mark})
	}
	for i, f := range h.fits {
		validated := slices.ContainsFunc(f.Scores, func(s Score) bool { return s.Validation != nil })
		if len(h.fits) > 1 {
			add(f.Name, i, false)
			if validated {
				add(shown(f.Name)+", validation", i, true)
			}
			continue
		}
		add("training", i, false)
		if validated {
			add("validation", i, true)
		}
	}
	return out
}

// panel draws one score of all fits.
func (h history) panel(name string) panel {
	label := "iteration"
	if h.by == ByTime {
		label = "time (" + h.unit.name + ")"
	}
	p := newPlot(name, label, "")
	addGrid(p)
	least, most := math.Inf(1), math.Inf(-1)
	for i, f := range h.fits {
		for _, s := range f.Scores {
			if s.Name != name {
				continue
			}
			for _, side := range []struct {
				values     []float64
				validation bool
			}{{s.Training, false}, {s.Validation, true}} {
				place := h.place(i, side.validation)
				mark := markOf(place)
				points := h.points(f, side.values)
				if h.dense(f) {
					addLine(p, points, lineOf(place, side.validation), nil)
				} else {
					addLine(p, points, lineOf(place, side.validation), &mark)
				}
				for _, v := range side.values {
					if finite(v) {
						least, most = min(least, v), max(most, v)
					}
				}
			}
		}
	}
	widen(&p.X)
	if h.by == ByIteration {
		p.X.Tick.Marker = wholeTicks{}
	}
	if name == "loss" && least > 0 && most > 100*least {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		p.Y.Min, p.Y.Max = least/1.2, most*1.2
		p.Y.Label.Text = "logarithmic"
	} else {
		widen(&p.Y)
	}
	return panel{p, panelWidth, panelHeight}
}

// marked is the most marks that a line over the whole width of a panel has.
const marked = 40

// dense tells a fit whose points stand closer than marks can.
func (h history) dense(f Fit) bool {
	n := len(f.Iterations)
	if n < 2 {
		return false
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, other := range h.fits {
		if k := len(other.Iterations); k > 0 {
			low, high = min(low, h.x(other, 0)), max(high, h.x(other, k-1))
		}
	}
	return float64(n)*(high-low) > marked*(h.x(f, n-1)-h.x(f, 0))
}

// x is where score i of a fit stands.
func (h history) x(f Fit, i int) float64 {
	if h.by == ByTime {
		return f.Seconds[i] / h.unit.seconds
	}
	return float64(f.Iterations[i])
}

// points are the points of a line.
func (h history) points(f Fit, values []float64) []xy {
	points := make([]xy, len(values))
	for i, v := range values {
		points[i] = xy{X: h.x(f, i), Y: v}
	}
	return points
}
