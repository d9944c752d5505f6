package tables

import "github.com/beamfit/beamfit/io/table"

// Rounds is what a model's summary says of when shards met, where that was not MADlib's rule.
type Rounds struct {
	Sync           string // "auto", or ""
	Every          int    // steps; 0: an iteration
	WarmUpPasses   int
	Outer          string
	Rate, Momentum *float64 // of Outer; nil: it has none
	InnerState     string
	Moving         string
	Tail           string // "": none
	TailKept       bool
	Steps          string
}

const tailKeptColumn = "average_tail_kept"

// TailKept says whether the model of a summary is the average of its last iterations, of which no entry of the history has the scores.
func TailKept(row SummaryRow) (bool, error) {
	kept, _, err := Optional(row, tailKeptColumn, (*table.Vector).Bool)
	return kept, err
}

// schema are the columns.
func (r *Rounds) schema() table.Schema {
	if r == nil {
		return nil
	}
	return table.Schema{
		{Name: "sync", Type: table.TextType},
		{Name: "sync_every", Type: table.Int32Type},
		{Name: "warm_up_passes", Type: table.Int32Type},
		{Name: "outer_rule", Type: table.TextType},
		{Name: "outer_rate", Type: table.Float64Type},
		{Name: "outer_momentum", Type: table.Float64Type},
		{Name: "inner_state", Type: table.TextType},
		{Name: "moving_statistics", Type: table.TextType},
		{Name: "average_tail", Type: table.TextType},
		{Name: tailKeptColumn, Type: table.BoolType},
		{Name: "schedule_steps", Type: table.TextType},
	}
}

// fill fills the columns. What there is none of is NULL: rounds of a whole iteration, numbers of the plain average.
func (r *Rounds) fill(values map[string]any) {
	if r == nil {
		return
	}
	values["warm_up_passes"], values["outer_rule"], values["inner_state"] = r.WarmUpPasses, r.Outer, r.InnerState
	values["moving_statistics"], values["schedule_steps"] = r.Moving, r.Steps
	if r.Sync != "" {
		values["sync"] = r.Sync
	}
	if r.Every > 0 {
		values["sync_every"] = r.Every
	}
	if r.Rate != nil {
		values["outer_rate"], values["outer_momentum"] = *r.Rate, *r.Momentum
	}
	if r.Tail != "" {
		values["average_tail"], values[tailKeptColumn] = r.Tail, r.TailKept
	}
}
