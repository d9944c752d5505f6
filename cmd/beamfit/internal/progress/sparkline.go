package progress

import (
	"math"
	"strings"

	"github.com/beamfit/beamfit/pipelines"
)

// scoreLines are the values of the loss and of each metric, which have a line each.
type scoreLines struct {
	names                []string
	training, validation [][]float64 // by name, the latest longestLine; validation is empty where there is no validation table
}

// Bounds of sparklines, in characters.
const (
	longestLine  = 40
	shortestLine = 5
)

// add takes in an iteration that was scored.
func (s *scoreLines) add(r *pipelines.IterationReport) {
	values := func(loss float64, metrics []pipelines.NamedValue) []float64 {
		out := []float64{loss}
		for _, m := range metrics {
			out = append(out, m.Value)
		}
		return out
	}
	if s.names == nil {
		s.names = []string{"loss"}
		for _, m := range r.TrainingMetrics {
			s.names = append(s.names, oneLine(m.Name))
		}
		s.training, s.validation = make([][]float64, len(s.names)), make([][]float64, len(s.names))
	}
	keep := func(to [][]float64, values []float64) {
		for i, v := range values {
			to[i] = append(to[i], v)
			to[i] = to[i][max(0, len(to[i])-longestLine):]
		}
	}
	keep(s.training, values(r.TrainingLoss, r.TrainingMetrics))
	if r.ValidationLoss != nil {
		keep(s.validation, values(*r.ValidationLoss, r.ValidationMetrics))
	}
}

// lines are for example
//
//	loss      ▇▅▄▃▂▁ 0.4321   validation ▇▆▄▃▂▂ 0.4512
//	accuracy  ▁▃▅▆▇▇ 0.9333   validation ▁▂▅▆▆▇ 0.9667
func (s *scoreLines) lines(columns int, ascii bool) []string {
	widest := 0
	for _, name := range s.names {
		widest = max(widest, terminal.StringWidth(name))
	}
	const number, between = 10, 14 // room for a value, and for the word validation
	room := longestLine
	validated := len(s.names) > 0 && len(s.validation[0]) > 0
	if columns > 0 {
		room = columns - widest - number - 5
		if validated {
			room = (room - number - between) / 2
		}
		room = max(shortestLine, min(room, longestLine))
	}
	out := make([]string, len(s.names))
	for i, name := range s.names {
		series := func(values []float64) string {
			values = values[max(0, len(values)-room):]
			return sparkline(values, ascii) + " " + terminal.FillRight(fourDigits(values[len(values)-1]), number)
		}
		line := "  " + terminal.FillRight(name, widest) + "  " + series(s.training[i])
		if validated {
			line += "  validation " + series(s.validation[i])
		}
		out[i] = strings.TrimRight(line, " ")
	}
	return out
}

// The characters of sparklines, from the least value to the greatest.
var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	signs  = []rune("_.,-=+*#")
)

// sparkline draws values between the least and the greatest of them; what is not finite is a gap.
func sparkline(values []float64, ascii bool) string {
	levels := blocks
	if ascii {
		levels = signs
	}
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	out := make([]rune, len(values))
	for i, v := range values {
		switch top := float64(len(levels) - 1); {
		case !finite(v):
			out[i] = ' '
		case high > low:
			out[i] = levels[int(math.Round((v/2-low/2)/(high/2-low/2)*top))]
		default:
			out[i] = levels[0]
		}
	}
	return string(out)
}
