package progress

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/pipelines"
)

// inIteration tells the stage that is part of an iteration.
func inIteration(e pipelines.Event) bool { return e.Stage == pipelines.TrainingStage }

// iterationLine is for example
//
//	fit: iteration 3/10, 36012 samples/s, loss 0.4321, categorical_accuracy 0.9333, 2s left
func iterationLine(job string, r *pipelines.IterationReport, left time.Duration) string {
	parts := []string{fmt.Sprintf("%s: iteration %d/%d", job, r.Iteration, r.Iterations)}
	parts = append(parts, rate(r)...)
	parts = append(parts, scores(r)...)
	if r.Iteration < r.Iterations {
		parts = append(parts, duration(left)+" left")
	}
	return strings.Join(parts, ", ")
}

// liveIterationLine tells of the iteration after last; its stage may be under way. For example
//
//	fit: iteration 4/10 [==========                    ] 36012 samples/s, 2s left
func liveIterationLine(stage pipelines.Event, last *pipelines.IterationReport, left time.Duration) string {
	fraction := 0.0
	if stage.Total > 0 {
		fraction = float64(stage.Done) / float64(stage.Total)
	}
	line := fmt.Sprintf("%s: iteration %d/%d %s ", stage.Job, min(last.Iteration+1, last.Iterations), last.Iterations,
		bar((float64(last.Iteration)+fraction)/float64(last.Iterations)))
	return line + strings.Join(append(rate(last), duration(left)+" left"), ", ")
}

// rate is the speed of training, empty where it is not known.
func rate(r *pipelines.IterationReport) []string {
	if s := r.Training.Seconds(); s > 0 {
		return []string{fmt.Sprintf("%.0f samples/s", float64(r.Rows)/s)}
	}
	return nil
}

// scores are the losses and metrics of an iteration, empty where it was not scored.
func scores(r *pipelines.IterationReport) []string {
	if !r.Scored {
		return nil
	}
	out := append([]string{"loss " + fourDigits(r.TrainingLoss)}, metrics("", r.TrainingMetrics)...)
	if r.ValidationLoss != nil {
		out = append(out, "validation loss "+fourDigits(*r.ValidationLoss))
		out = append(out, metrics("validation ", r.ValidationMetrics)...)
	}
	return out
}

func metrics(prefix string, values []pipelines.NamedValue) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = prefix + v.Name + " " + fourDigits(v.Value)
	}
	return out
}

// fourDigits writes four significant digits.
func fourDigits(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// stageLine is for example
//
//	preprocess: packing, 120 rows, 0.4s
func stageLine(e pipelines.Event, took time.Duration) string {
	return fmt.Sprintf("%s: %s, %d %s, %.1fs", e.Job, e.Stage, e.Done, e.Unit, took.Seconds())
}

// stageProgress is for example
//
//	training, 80/120 rows
func stageProgress(e pipelines.Event) string {
	if e.Total > 0 {
		return fmt.Sprintf("%s, %d/%d %s", e.Stage, e.Done, e.Total, e.Unit)
	}
	return fmt.Sprintf("%s, %d %s", e.Stage, e.Done, e.Unit)
}

// barWidth is the number of characters inside a bar's brackets.
const barWidth = 30

func bar(fraction float64) string {
	full := int(min(1, fraction) * barWidth)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
}

// liveStageLine is for example
//
//	predict: predicting, 80/120 rows [====================          ] 1200 rows/s, 1s left
func liveStageLine(e pipelines.Event, took time.Duration) string {
	line := e.Job + ": " + stageProgress(e)
	if e.Total > 0 {
		line += " " + bar(float64(e.Done)/float64(e.Total))
	}
	if e.Done == 0 || took <= 0 {
		return line
	}
	line += fmt.Sprintf(" %.0f %s/s", float64(e.Done)/took.Seconds(), e.Unit)
	if e.Total > e.Done {
		line += ", " + duration(remaining(took, e.Done, e.Total-e.Done)) + " left"
	}
	return line
}

// remaining is how long what is left takes, where what is done took so long. It is at most the longest time that there is.
func remaining(took time.Duration, done, left int64) time.Duration {
	return time.Duration(min(float64(took)*float64(left)/float64(done), longest))
}

// longest is the longest time.Duration that a float64 has.
const longest = float64(math.MaxInt64 - 1023)

// duration writes whole seconds: 9s, 3m05s, 2h07m.
func duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}
