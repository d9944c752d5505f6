package fitting

import (
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/outer"
	"github.com/beamfit/beamfit/transforms/portions"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// stages builds the stages of a pipeline, one after the other.
type stages struct {
	fit          *Fit
	shards, gate beam.PCollection
	// weights are those after the last stage. Where they are not averaged yet, apart are the vectors of the shards whose mean they are.
	weights, apart beam.PCollection
	states         beam.PCollection // of shards, in rounds
	turnState      beam.PCollection // the state that goes from shard to shard, in a warm-up
	momentum       beam.PCollection // of an outer rule that has one, in rounds
	// keeps: states do not travel, and kept is where those lie that the next stage begins with, or says that it begins with new ones. The elements of
	// states and turnState have none then.
	keeps bool
	kept  *trainshard.Kept
	to    Course // at the end
}

// layout is how vectors are averaged.
func (f *Fit) layout() average.Layout {
	l := average.Layout{Piece: f.Limits.Piece}
	if f.inPortions() {
		l.OneByOne = len(f.training().Shards)
	}
	if f.Schedule.Rounds.Moving == rounds.Pooled {
		l.Pooled = average.MovingMoments(f.Model.Spec)
	}
	return l
}

// fewShards is up to how many shards states do not travel on an engine, however small they are.
const fewShards = 16

// keepsStates says whether the states of optimizers do not travel: where they are larger than the pieces that vectors travel in, and where an engine has the
// workers, and where those of a task would be too much for one bundle. With states that come out of a stage beside the vectors there are two ways to the next one, and Flink writes what goes them to a disk and
// deploys the stages one by one; else it deploys all at once. Writing many small states would take longer than that.
func (f *Fit) keepsStates() bool {
	switch {
	case f.Limits.Piece == 0:
		return false
	case f.Limits.Elsewhere && len(f.training().Shards) <= fewShards:
		return true
	case f.tooMuch(f.Model.StateSize()):
		return true
	}
	return f.Model.StateSize() > f.Limits.Piece
}

// meetsInTraining says whether the next round makes the mean of a round itself, where an engine has the workers: the group that averages would be two more of
// Flink's tasks, with a bundle of their own, for every round. Every worker gets the vectors of all shards then, so together they are no larger than a piece.
func (f *Fit) meetsInTraining() bool {
	return f.Remote && f.Limits.Elsewhere && f.keepsStates() && !f.Schedule.Rounds.Rule.HasMomentum() &&
		len(f.training().Shards)*f.Model.Spec.NumWeights <= f.Limits.Piece
}

// inPortions says whether a task of the engine would have too much to give on in one bundle. Then shards train a few at a time, and their vectors are averaged
// as they come.
func (f *Fit) inPortions() bool {
	each := f.Model.Spec.NumWeights
	if !f.keepsStates() {
		each += f.Model.StateSize()
	}
	return f.tooMuch(each)
}

// tooMuch says whether so many numbers for each shard of a task are more than half of what the engine takes from a bundle, which is memory of its machine, too.
func (f *Fit) tooMuch(each int) bool {
	if f.Limits.Bundle == 0 {
		return false
	}
	shards := len(f.training().Shards)
	return 4*each*((shards+f.Limits.Tasks-1)/f.Limits.Tasks) > f.Limits.Bundle/2
}

// watch adds a step that watches the workers until there is a value in a box, where shards train in portions and the engine needs it (portions.Watch).
func (f *Fit) watch(s beam.Scope, box collect.Box, key string, shards beam.PCollection) {
	if f.inPortions() && f.Limits.Watch {
		portions.Watch(s, box, key, shards)
	}
}

// averaged are the weights after the last stage, as one vector.
func (b *stages) averaged(s beam.Scope) beam.PCollection {
	if b.apart.IsValid() {
		b.weights, b.apart = average.Mean(s, b.fit.RunRef, b.fit.layout(), b.apart), beam.PCollection{}
	}
	return b.weights
}

// keeping is where the stage at a place leaves states that do not travel; nil: nobody asks for them any more.
func (b *stages) keeping(at Place) *trainshard.Kept {
	kept := &trainshard.Kept{Box: b.to.box.Box, Turn: b.fit.Schedule.Rounds.InWarmUp(at.Done + 1)}
	switch after := b.fit.Schedule.after(at); {
	case b.fit.Schedule.beginsNew(after):
		return nil
	case after != b.to.Place:
		kept.After = fmt.Sprintf("-after-%d-%d", after.Done, after.Stages)
	case b.fit.Schedule.last(after.Done):
		return nil
	}
	return kept
}

// begin takes up what the course has left.
func (b *stages) begin(s beam.Scope, from Course) {
	b.weights = average.Start(s, from.box.Box, b.fit.layout())
	momentum, states := from.before(), from.before()
	wasWarmUp, isWarmUp := b.fit.Schedule.inWarmUp(from.Place)
	if wasWarmUp {
		momentum = nil
	}
	if b.fit.Schedule.beginsNew(from.Place) {
		states = nil
	}
	if b.keeps = b.fit.keepsStates(); b.keeps {
		b.kept = &trainshard.Kept{New: true}
		if states != nil {
			b.kept = &trainshard.Kept{Box: *states, Turn: wasWarmUp}
		}
	}
	switch {
	case isWarmUp || wasWarmUp && states != nil:
		if b.keeps {
			b.turnState = trainshard.BareTurnState(s)
		} else {
			b.turnState = trainshard.StartTurnState(s, b.fit.RunRef, b.fit.Recipe, states)
		}
		if !isWarmUp {
			b.beginRounds(s)
		}
		return
	case b.keeps:
		b.states = trainshard.Bare(s, b.shards)
	default:
		b.states = trainshard.Start(s, b.fit.RunRef, b.fit.Recipe, states, b.shards)
	}
	b.startMomentum(s, momentum)
}

// beginRounds gives every shard the state of the warm-up.
func (b *stages) beginRounds(s beam.Scope) {
	if b.keeps {
		b.states = trainshard.Bare(s, b.shards)
	} else {
		b.states = trainshard.CopyToAll(s, b.shards, b.turnState)
	}
	b.startMomentum(s, nil)
}

func (b *stages) startMomentum(s beam.Scope, from *collect.Box) {
	if b.fit.Schedule.Rounds.Rule.HasMomentum() {
		b.momentum = outer.Start(s, b.fit.RunRef, b.fit.Model.Spec.NumWeights, from, b.fit.layout())
	}
}

// stage builds the stage at a place of an iteration with that learning rate; nil: the optimizer's own.
func (b *stages) stage(s beam.Scope, at Place, rate *float64) {
	plan := b.fit.Schedule.Rounds
	if plan.Stages(at.Done+1) > 1 {
		s = s.Scope(fmt.Sprintf("stage %d", at.Stages+1))
	}
	planned := plan.Stage(at.Done+1, at.Stages)
	stage := b.stageOf(at.Done + 1)
	stage.Rate, stage.Part = rate, planned.Part
	if b.keeps {
		stage.From, stage.To = b.kept, b.keeping(at)
		if b.kept = stage.To; b.kept == nil {
			b.kept = &trainshard.Kept{New: true}
		}
	}
	if plan.InWarmUp(at.Done + 1) {
		b.weights, b.turnState = trainshard.WarmUp(s, stage, planned.Turn, b.shards, b.weights, b.turnState, b.gate)
		return
	}
	if !b.states.IsValid() {
		b.beginRounds(s)
	}
	places := &trainshard.Places{Rows: b.fit.rows(), WarmUp: plan.WarmUp, Global: plan.Global}
	if stage.Fresh = plan.Fresh; plan.Fresh || plan.Global {
		stage.Places = places
	}
	var trained beam.PCollection
	weights := b.weights
	if stage.Apart = b.apart.IsValid(); stage.Apart {
		weights = b.apart
	}
	b.states, trained = trainshard.Train(s, stage, b.states, weights, b.gate)
	if b.fit.meetsInTraining() {
		b.apart = trained
		return
	}
	mean := average.Mean(s, b.fit.RunRef, stage.Layout, trained)
	if !plan.Rule.HasMomentum() {
		b.weights = mean
		return
	}
	round := outer.Round{Run: b.fit.RunRef, Model: b.fit.Recipe, Rule: plan.Rule, LearningRate: b.fit.learningRate(places, stage)}
	b.momentum, b.weights = outer.Next(s, round, b.momentum, b.weights, mean)
}

// stageOf is what stages of an iteration have in common.
func (b *stages) stageOf(iteration int) trainshard.Stage {
	return trainshard.Stage{Run: b.fit.RunRef, Model: b.fit.Recipe, Seed: b.fit.Seed, Iteration: iteration, Layout: b.fit.layout(), Portions: b.fit.inPortions()}
}

// rows are those of every shard of the training table.
func (f *Fit) rows() (rows []int) {
	for _, shard := range f.training().Shards {
		rows = append(rows, shard.Rows)
	}
	return rows
}

// learningRate is that of the first step of a round, of the first shard that has one.
func (f *Fit) learningRate(places *trainshard.Places, stage trainshard.Stage) float64 {
	optimizer := f.Model.Optimizer()
	if stage.Rate != nil {
		optimizer = optimizer.WithRate(*stage.Rate)
	}
	shard := 0
	for shard < len(places.Rows)-1 && places.Rows[shard] == 0 {
		shard++
	}
	return optimizer.RateAt(places.At(*f.Model.Fit, shard, stage.Iteration, stage.Part).Place)
}

// recompute builds the stage that computes moving statistics anew.
func (b *stages) recompute(s beam.Scope, iteration int) {
	stage := b.stageOf(iteration)
	b.weights = average.Mean(s, b.fit.RunRef, stage.Layout, trainshard.Recompute(s, stage, b.shards, b.averaged(s)))
}

// end keeps what the next pipeline begins with, but for states that are in the box already or that nobody asks for.
func (b *stages) end(s beam.Scope) {
	box := b.to.box.Box
	collect.Keep[average.Vector](s, box, average.Key, b.averaged(s))
	if b.fit.Schedule.last(b.to.Done) {
		return
	}
	states, turn, momentum := b.fit.Schedule.leaves(b.to.Place)
	if turn && !b.keeps {
		collect.Keep[trainshard.TurnState](s, box, trainshard.TurnStateKey, b.turnState)
	}
	if states && !b.keeps {
		collect.Keep[trainshard.State](s, box, trainshard.Key, b.states)
	}
	if momentum {
		collect.Keep[average.Vector](s, box, outer.Key, b.momentum)
	}
}
