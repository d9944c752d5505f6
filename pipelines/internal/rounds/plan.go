package rounds

import (
	"cmp"
	"fmt"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/outer"
)

// A Fit is what is known of a fit before it trains.
type Fit struct {
	Iterations int
	Params     params.Fit
	Rows       []int // of every shard
	Validation bool  // there is a validation table
	// Optimizer is Keras' name of it. Adaptive: it divides gradients by their size; Stateful: it remembers something; Scheduled: its learning
	// rate changes with the steps; Averaging: it keeps averages of the weights (use_ema).
	Optimizer                                string
	Adaptive, Stateful, Scheduled, Averaging bool
	// Moving: some moving statistics change. KeepsBest: a callback makes the model that of the best iteration.
	Moving, KeepsBest bool
}

// A Plan is when shards meet and what becomes of their weights.
type Plan struct {
	// Every is the most steps of a round; 0: a round is an iteration.
	Every int
	// WarmUp is the number of iterations of the warm-up.
	WarmUp int
	Rule   outer.Rule
	// Fresh: every round begins with new optimizer states.
	Fresh bool
	// Moving is Average, Pooled or Recompute, and Tail EMA, SWA or "".
	Moving, Tail string
	// TailFrom is the first iteration of the tail.
	TailFrom int
	// Global: schedules count the steps of all shards.
	Global bool
	// Chosen says, where sync is auto, what it has chosen, and why; else it is "".
	Chosen string

	iterations, passes int
	turns              []int // the shards that have rows
	rounds             int   // of an iteration behind the warm-up
}

// New makes the plan of a fit.
func New(o Options, f Fit) (p Plan, warnings []string, err error) {
	if err := o.Check(); err != nil {
		return p, nil, err
	}
	for i, rows := range f.Rows {
		if rows > 0 {
			p.turns = append(p.turns, i)
		}
	}
	shards := len(p.turns)
	if o.Sync == Auto {
		o, p.Chosen = choose(o, f, shards)
	}
	if err := refuse(o, f); err != nil {
		return p, nil, err
	}
	p.iterations, p.passes = f.Iterations, f.Params.Epochs-f.Params.InitialEpoch
	if o.WarmUpPasses > 0 {
		p.WarmUp = o.WarmUpPasses / p.passes
	}
	p.Every, p.Rule, p.Fresh, p.Global = o.SyncEvery, o.rule(shards, f.Adaptive), o.InnerState == Reset, o.Steps == Global
	p.Moving, p.Tail, p.rounds = cmp.Or(o.Moving, Average), o.AverageTail, 1
	if p.Every > 0 {
		p.rounds = max(1, (p.steps(f)+p.Every-1)/p.Every)
	}
	if p.Tail != "" {
		p.TailFrom = f.Iterations - tailLength(f.Iterations) + 1
	}
	return p, p.warnings(o, shards), nil
}

// steps are those of an iteration of the largest shard.
func (Plan) steps(f Fit) int {
	most := 0
	for _, rows := range f.Rows {
		most = max(most, trainer.StepsOf(f.Params, rows))
	}
	return most
}

// tailLength is a quarter of the iterations, rounded up.
func tailLength(iterations int) int { return (iterations + 3) / 4 }

// leastTail is the least number of iterations whose last quarter has more than one.
const leastTail = 5

// refuse refuses what makes no sense for a fit.
func refuse(o Options, f Fit) error {
	passes := f.Params.Epochs - f.Params.InitialEpoch
	momentum := outer.Rule{Name: o.Outer}.HasMomentum()
	switch {
	case o.WarmUpPasses > 0 && (passes < 1 || o.WarmUpPasses%passes != 0):
		return fmt.Errorf("a warm-up is of whole iterations: expected a multiple of the %d passes of each, found %d passes", passes, o.WarmUpPasses)
	case o.WarmUpPasses > f.Iterations*passes:
		return fmt.Errorf("the warm-up has %d passes; expected at most the %d of the whole fit", o.WarmUpPasses, f.Iterations*passes)
	case momentum && f.Averaging:
		return fmt.Errorf("the outer rule %s does not go together with use_ema=True of %s, whose averages become the weights after every iteration", o.Outer, f.Optimizer)
	case o.InnerState == Reset && !f.Stateful:
		return fmt.Errorf("inner state reset: the optimizer %s remembers nothing that could be reset", f.Optimizer)
	case o.Steps == Global && !f.Scheduled:
		return fmt.Errorf("steps global is for learning rates that change with the steps; that of %s does not", f.Optimizer)
	case (o.Moving == Pooled || o.Moving == Recompute) && !f.Moving:
		return fmt.Errorf("moving statistics %s: the model has no batch normalisation that is trained", o.Moving)
	case o.AverageTail != "" && !f.Validation:
		return fmt.Errorf("the average of the tail is kept where it is better on the validation table: expected one")
	case o.AverageTail != "" && f.Iterations < leastTail:
		return fmt.Errorf("the average of the tail is of the last quarter of the iterations: expected at least %d, found %d", leastTail, f.Iterations)
	case o.AverageTail != "" && f.KeepsBest:
		return fmt.Errorf("the average of the tail does not go together with a callback that keeps the best weights: expected one of them")
	}
	return nil
}

// warnings say what is unwise.
func (p Plan) warnings(o Options, shards int) (texts []string) {
	averages := p.rounds * (p.iterations - p.WarmUp)
	if p.Rule.HasMomentum() && averages < shards {
		texts = append(texts, fmt.Sprintf("the outer rule %s needs about as many averages as there are shards for its momentum to build up and settle: "+
			"there are %d for %d shards (sync-every makes more)", p.Rule.Name, averages, shards))
	}
	if shards < 2 && (o.SyncEvery > 0 || o.WarmUpPasses > 0) {
		texts = append(texts, "the training table is one shard: nothing is averaged, and the steps between averages and a warm-up change nothing")
	}
	return texts
}

// Plain says whether the plan is MADlib's rule.
func (p Plan) Plain() bool {
	return p.Every == 0 && p.WarmUp == 0 && !p.Rule.HasMomentum() && !p.Fresh && p.Moving == Average && p.Tail == "" && !p.Global
}

// WarmUpPasses is the number of passes of the warm-up.
func (p Plan) WarmUpPasses() int { return p.WarmUp * p.passes }

// InWarmUp says whether an iteration is one of the warm-up.
func (p Plan) InWarmUp(iteration int) bool { return iteration <= p.WarmUp }

// Stages is the number of stages of an iteration.
func (p Plan) Stages(iteration int) int {
	if p.InWarmUp(iteration) {
		return p.passes * len(p.turns)
	}
	return max(1, p.rounds)
}

// A Stage is one stage of an iteration: the part of it that is trained, and in a warm-up the shard that does so.
type Stage struct {
	Part trainer.Part
	Turn int
}

// Stage is the one with that number, from 0 on, of an iteration.
func (p Plan) Stage(iteration, number int) Stage {
	if p.InWarmUp(iteration) {
		part := trainer.Part{Index: number / len(p.turns), Of: p.passes, Open: number < p.Stages(iteration)-1}
		return Stage{Part: part, Turn: p.turns[number%len(p.turns)]}
	}
	if p.rounds <= 1 {
		return Stage{}
	}
	return Stage{Part: trainer.Part{Index: number, Of: p.rounds}}
}
