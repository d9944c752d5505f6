package picture

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// wholeTicks are at whole numbers.
type wholeTicks struct{}

// Ticks are at most eight.
func (wholeTicks) Ticks(low, high float64) []plot.Tick {
	step := math.Max(1, niceStep(high-low, 8))
	return ticksAt(low, high, step)
}

// evenTicks are at most six, at round numbers.
type evenTicks struct{}

func (evenTicks) Ticks(low, high float64) []plot.Tick {
	return ticksAt(low, high, niceStep(high-low, 6))
}

// niceStep is the least of 1, 2 and 5 times a power of ten of which no more than most fit into a range.
func niceStep(span float64, most int) float64 {
	if !(span > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/float64(most))))
	for _, m := range []float64{1, 2, 5} {
		if span/(m*power) <= float64(most) {
			return m * power
		}
	}
	return 10 * power
}

// ticksAt are the multiples of step in a range.
func ticksAt(low, high, step float64) []plot.Tick {
	var ticks []plot.Tick
	const slack = 1e-9 // of a step: multiples are rounded
	first, last := math.Ceil(low/step-slack), math.Floor(high/step+slack)
	for i := first; i <= last && len(ticks) < 100; i++ {
		v := i * step
		ticks = append(ticks, plot.Tick{Value: v, Label: tickText(v, step)})
	}
	return ticks
}

// tickText writes a multiple of step with no more digits than tell it from its neighbours.
func tickText(v, step float64) string {
	if v == 0 {
		return "0"
	}
	if size := math.Abs(v); size >= 1e6 || size < 1e-4 {
		return strconv.FormatFloat(v, 'g', 1+max(0, int(math.Floor(math.Log10(size))-math.Floor(math.Log10(step)+1e-9))), 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, -int(math.Floor(math.Log10(step)+1e-9))), 64)
}

// logTicks are at powers of ten, and where these are few at 2 and 5 times them.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	first, last := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	every := max(1, (last-first)/6)
	var ticks []plot.Tick
	for e := first; e <= last; e++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow10(e)
			if v < low || v > high || m > 1 && last-first > 3 {
				continue
			}
			label := ""
			if m > 1 || (e-first)%every == 0 {
				label = strconv.FormatFloat(v, 'g', -1, 64)
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}

// namedTicks are at given places.
type namedTicks []plot.Tick

func (t namedTicks) Ticks(float64, float64) []plot.Tick { return t }

// newPlot is a plot in the style of all.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	restyle(&p.Title.TextStyle, normal+1)
	p.Title.Text, p.Title.Padding = shown(title), vg.Points(4)
	for _, a := range []struct {
		axis  *plot.Axis
		label string
	}{{&p.X, x}, {&p.Y, y}} {
		restyle(&a.axis.Label.TextStyle, normal)
		restyle(&a.axis.Tick.Label, normal)
		a.axis.Label.Text, a.axis.Label.Padding = shown(a.label), vg.Points(3)
		a.axis.Padding, a.axis.Tick.Length = 0, vg.Points(3)
		a.axis.LineStyle.Color, a.axis.Tick.LineStyle.Color = ink, ink
		a.axis.Tick.Marker = evenTicks{}
	}
	return p
}

// widen leaves room between what is drawn and the edges of an axis; an axis of one value gets room around it.
func widen(a *plot.Axis) {
	switch {
	case math.IsInf(a.Min, 0) || math.IsInf(a.Max, 0):
		a.Min, a.Max = 0, 1
	case a.Min == a.Max:
		room := math.Max(math.Abs(a.Min)*0.05, 1e-9)
		a.Min, a.Max = a.Min-room, a.Max+room
	default:
		room := (a.Max - a.Min) * 0.04
		a.Min, a.Max = a.Min-room, a.Max+room
	}
}
