package rounds

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/transforms/outer"
)

// Values of options. The first of each list is the default.
const (
	Auto      = "auto"
	Keep      = "keep"
	Reset     = "reset"
	Average   = "average"
	Pooled    = "pooled"
	Recompute = "recompute"
	EMA       = "ema"
	SWA       = "swa"
	Local     = "local"
	Global    = "global"
)

var (
	innerStates = []string{Keep, Reset}
	movings     = []string{Average, Pooled, Recompute}
	tails       = []string{EMA, SWA}
	steps       = []string{Local, Global}
)

// Options are what a person asks for.
type Options struct {
	// Sync is Auto, which chooses WarmUpPasses, where SyncEvery and Outer must be left out; "": all are as they are.
	Sync string
	// SyncEvery is the most steps of a shard between two averages; 0: an iteration.
	SyncEvery int
	// WarmUpPasses is the number of passes that begin the fit as one worker's.
	WarmUpPasses int
	// Outer is a rule of package outer, "" the average; OuterRate and OuterMomentum are its numbers, nil those of outer.Defaults.
	Outer                    string
	OuterRate, OuterMomentum *float64
	// InnerState: Keep or "" leaves optimizer states with their shards, Reset begins every round with new ones.
	InnerState string
	// Moving: Average or "" averages moving statistics as all weights, Pooled pools them, Recompute computes them anew where weights are scored.
	Moving string
	// AverageTail averages the weights of the last quarter of the iterations: EMA or SWA; "": it does not.
	AverageTail string
	// Steps: Local or "" lets learning-rate schedules count each shard's own steps, Global those of all shards.
	Steps string
}

// Check refuses what is wrong whatever the fit is.
func (o Options) Check() error {
	for _, c := range []struct {
		what, value string
		values      []string
	}{
		{"sync", o.Sync, []string{Auto}},
		{"outer rule", o.Outer, outer.Names},
		{"inner state", o.InnerState, innerStates},
		{"way of moving statistics", o.Moving, movings},
		{"average of the tail", o.AverageTail, tails},
		{"count of steps", o.Steps, steps},
	} {
		if c.value != "" && !slices.Contains(c.values, c.value) {
			return fmt.Errorf("the %s %q is not known; expected %s", c.what, c.value, strings.Join(c.values, " or "))
		}
	}
	switch {
	case o.SyncEvery < 0:
		return fmt.Errorf("the steps from one average to the next must not be negative, found %d", o.SyncEvery)
	case o.WarmUpPasses < 0:
		return fmt.Errorf("the passes of the warm-up must not be negative, found %d", o.WarmUpPasses)
	case o.Sync == Auto && (o.SyncEvery > 0 || o.WarmUpPasses > 0 || o.Outer != ""):
		return errors.New("sync auto chooses the passes of the warm-up, and averages are plain and once per iteration: expected no steps between averages, warm-up or outer rule beside it")
	}
	rule := o.rule(1, false)
	switch {
	case rule.HasMomentum():
	case o.OuterMomentum != nil:
		return &OuterNumberError{"outer-momentum"}
	case o.OuterRate != nil:
		return &OuterNumberError{"outer-rate"}
	}
	return rule.Check()
}

// A OuterNumberError is a number for an outer rule that has none.
type OuterNumberError struct {
	Option string // the number, as fit has it: outer-momentum or outer-rate
}

func (e *OuterNumberError) Error() string {
	return fmt.Sprintf("the outer rule average has neither rate nor momentum: they belong to %s and %s", outer.SlowMo, outer.Nesterov)
}

// rule is the outer rule for so many shards.
func (o Options) rule(shards int, adaptive bool) outer.Rule {
	r := outer.Defaults(o.Outer, shards, adaptive)
	if o.OuterRate != nil {
		r.Rate = *o.OuterRate
	}
	if o.OuterMomentum != nil {
		r.Momentum = *o.OuterMomentum
	}
	return r
}
