package pipelines

import (
	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// rounds are the options about rounds.
func (o FitOptions) rounds() rounds.Options {
	return rounds.Options{
		Sync: o.Sync, SyncEvery: o.SyncEvery, WarmUpPasses: o.WarmUpPasses, Outer: o.Outer, OuterRate: o.OuterRate, OuterMomentum: o.OuterMomentum,
		InnerState: o.InnerState, Moving: o.Moving, AverageTail: o.AverageTail, Steps: o.Steps,
	}
}

// An OuterNumberError is a rate or momentum for an outer rule that has none.
type OuterNumberError = rounds.OuterNumberError

// CheckRounds checks the options about rounds as far as they can be without a fit, as Fit does first.
func (o FitOptions) CheckRounds() error { return argument.Of(o.rounds().Check()) }

// planRounds decides when shards meet.
func (f *fit) planRounds(model *recipe.Loaded, callbacks *callback.List, sets []*dataset.Set) (rounds.Plan, error) {
	opt := model.Optimizer()
	_, sgd := opt.Rule.(optimizer.SGD)
	of := rounds.Fit{
		Iterations: f.opt.Iterations, Params: *model.Fit, Validation: len(sets) > 1,
		Optimizer: opt.Name, Adaptive: !sgd, Stateful: opt.Slots() > 0, Scheduled: opt.RateChanges(), Averaging: opt.Averaging != nil,
		Moving: len(average.MovingMoments(model.Spec)) > 0, KeepsBest: callbacks.Keeps(),
	}
	for _, shard := range sets[0].Shards {
		of.Rows = append(of.Rows, shard.Rows)
	}
	plan, warnings, err := rounds.New(f.opt.rounds(), of)
	if err != nil {
		return plan, argument.Of(err)
	}
	f.warn(warnings)
	if plan.Chosen != "" {
		f.tell(Event{Stage: TrainingStage, Note: plan.Chosen})
	}
	return plan, nil
}

// roundsSummary is what the summary says of a plan; nil: that it is MADlib's rule.
func roundsSummary(opt FitOptions, plan rounds.Plan) *tables.Rounds {
	if plan.Plain() && opt.Sync == "" {
		return nil
	}
	r := &tables.Rounds{
		Sync: opt.Sync, Every: plan.Every, Outer: plan.Rule.Name, InnerState: rounds.Keep, Moving: plan.Moving, Tail: plan.Tail, Steps: rounds.Local,
		WarmUpPasses: plan.WarmUpPasses(),
	}
	if r.Outer == "" {
		r.Outer = rounds.Average
	}
	if plan.Rule.HasMomentum() {
		r.Rate, r.Momentum = &plan.Rule.Rate, &plan.Rule.Momentum
	}
	if plan.Fresh {
		r.InnerState = rounds.Reset
	}
	if plan.Global {
		r.Steps = rounds.Global
	}
	return r
}
