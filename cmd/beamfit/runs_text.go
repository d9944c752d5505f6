package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/tabletext"
	"github.com/beamfit/beamfit/io/shellwords"
	"github.com/beamfit/beamfit/io/table"
)

// A runColumn is a column of what is shown of runs. value is nil for NULL.
type runColumn struct {
	name  string
	kind  table.Type
	value func(table.Run) any
}

// briefColumns fit on a line.
var briefColumns = []runColumn{
	{"id", table.TextType, func(r table.Run) any { return r.ID }},
	{"state", table.TextType, func(r table.Run) any { return string(r.State) }},
	{"started", table.TextType, func(r table.Run) any { return r.Started.Local().Format(time.DateTime) }},
	{"took", table.TextType, func(r table.Run) any { return tookText(took(r)) }},
	{"command", table.TextType, func(r table.Run) any { return runCommand(r) }},
	{"progress", table.TextType, func(r table.Run) any { return runProgress(r) }},
	{"loss", table.TextType, func(r table.Run) any { return lossText(r) }},
}

// typed is the command as a person would type it, words those of a program.
var (
	typed = []runColumn{{"command", table.TextType, func(r table.Run) any { return commandLine(r) }}}
	words = []runColumn{
		{"command", table.TextType, func(r table.Run) any { return r.Command }},
		{"arguments", table.TextArrayType, func(r table.Run) any { return append([]string{}, r.Args...) }},
	}
)

// outcomeColumns, then typed or words, then detailColumns are all that is known.
var outcomeColumns = []runColumn{
	{"id", table.TextType, func(r table.Run) any { return r.ID }},
	{"state", table.TextType, func(r table.Run) any { return string(r.State) }},
	{"message", table.TextType, func(r table.Run) any { return orNull(r.Message) }},
}

var detailColumns = []runColumn{
	{"resumes", table.TextType, func(r table.Run) any { return orNull(r.Resumes) }},
	{"runner", table.TextType, func(r table.Run) any { return r.Runner }},
	{"job", table.TextType, func(r table.Run) any { return orNull(r.Job) }},
	{"stage", table.TextType, func(r table.Run) any { return orNull(r.Stage) }},
	{"units_done", table.Int64Type, func(r table.Run) any { return r.Done }},
	{"units_total", table.Int64Type, func(r table.Run) any { return r.Total }},
	{"unit", table.TextType, func(r table.Run) any { return orNull(r.Unit) }},
	{"iteration", table.Int32Type, func(r table.Run) any { return r.Iteration }},
	{"iterations", table.Int32Type, func(r table.Run) any { return r.Iterations }},
	{"loss", table.Float64Type, func(r table.Run) any {
		if r.Loss == nil {
			return nil
		}
		return *r.Loss
	}},
	{"started", table.TextType, func(r table.Run) any { return moment(r.Started) }},
	{"heartbeat", table.TextType, func(r table.Run) any { return moment(r.Heartbeat) }},
	{"ended", table.TextType, func(r table.Run) any { return moment(r.Ended) }},
	{"owner", table.TextType, func(r table.Run) any { return r.Owner }},
	{"host", table.TextType, func(r table.Run) any { return r.Host }},
	{"process", table.Int32Type, func(r table.Run) any { return r.Process }},
	{"version", table.TextType, func(r table.Run) any { return r.Version }},
}

func runsBatch(all []table.Run, columns ...runColumn) *table.Batch {
	schema := make(table.Schema, len(columns))
	for i, c := range columns {
		schema[i] = table.Column{Name: c.name, Type: c.kind}
	}
	b := table.NewBatch(schema)
	row := make([]any, len(columns))
	for _, r := range all {
		for i, c := range columns {
			row[i] = c.value(r)
		}
		if err := b.Append(row...); err != nil {
			panic(err) // the columns' types are those of their values
		}
	}
	return b
}

// wholeRuns writes all that is known of runs in a form.
func wholeRuns(w io.Writer, form string, all []table.Run) error {
	if form == formTable {
		return tabletext.Expanded(w, rows.Of(runsBatch(all, slices.Concat(outcomeColumns, typed, detailColumns)...)))
	}
	return printerOf(form)(w, rows.Of(runsBatch(all, slices.Concat(outcomeColumns, words, detailColumns)...)))
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// moment is a time as text, with its zone.
func moment(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.Local().Format(time.RFC3339)
}

// took is how long a run has been at work, by the clock that wrote its row.
func took(r table.Run) time.Duration {
	if !r.Ended.IsZero() {
		return r.Ended.Sub(r.Started)
	}
	return r.Heartbeat.Sub(r.Started)
}

// tookText is a duration for people: tenths of a second below ten.
func tookText(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// commandLine is what a person would type to start the run.
func commandLine(r table.Run) string {
	return shellwords.Join(append([]string{"beamfit", r.Command}, r.Args...))
}

// runCommand is a run's command with its arguments, without flags.
func runCommand(r table.Run) string {
	words := []string{r.Command}
	for i, arg := range r.Args {
		if arg == "--" {
			words = append(words[:1], r.Args[i+1:]...)
			break
		}
		if !strings.HasPrefix(arg, "--") {
			words = append(words, arg)
		}
	}
	return strings.Join(words, " ")
}

// runProgress says how far a run is, "" where that is not known.
func runProgress(r table.Run) string {
	switch {
	case r.Iterations > 0:
		return fmt.Sprintf("iteration %d/%d", r.Iteration, r.Iterations)
	case r.Stage == "":
		return ""
	case r.Total > 0:
		return fmt.Sprintf("%s, %d/%d %s", r.Stage, r.Done, r.Total, r.Unit)
	}
	return fmt.Sprintf("%s, %d %s", r.Stage, r.Done, r.Unit)
}

func lossText(r table.Run) string {
	if r.Loss == nil {
		return ""
	}
	return strconv.FormatFloat(*r.Loss, 'g', 4, 64)
}
