package fitting

import (
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/outer"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// stages builds the stages of a pipeline, one after the other.
type stages struct {
	*Fit
	shards, gate beam.PCollection
	weights      beam.PCollection
	states       beam.PCollection // of shards, in rounds
	one          beam.PCollection // the state that goes from shard to shard, in a warm-up
	momentum     beam.PCollection // of an outer rule that has one, in rounds
}

// layout is how vectors are averaged.
func (f *Fit) layout() average.Layout {
	l := average.Layout{Piece: f.Limits.Piece}
	if f.Schedule.Rounds.Moving == rounds.Pooled {
		l.Pooled = average.MovingMoments(f.Model.Spec)
	}
	return l
}

// begin takes up what the course has left, for stages up to a place.
func (b *stages) begin(s beam.Scope, from Course, to Place) {
	b.weights = average.Start(s, from.box.Box, b.layout())
	wasWarmUp, isWarmUp := b.Schedule.inWarmUp(from.Place)
	switch {
	case isWarmUp, wasWarmUp:
		b.one = trainshard.StartOne(s, b.RunRef, b.Recipe, from.before())
		if !isWarmUp {
			b.beginRounds(s, nil)
		}
	default:
		b.states = trainshard.Start(s, b.RunRef, b.Recipe, from.before(), b.shards)
		b.startMomentum(s, from.before())
	}
}

// beginRounds gives every shard the state of the warm-up.
func (b *stages) beginRounds(s beam.Scope, before *collect.Box) {
	b.states = trainshard.Spread(s, b.shards, b.one)
	b.startMomentum(s, before)
}

func (b *stages) startMomentum(s beam.Scope, from *collect.Box) {
	if b.Schedule.Rounds.Rule.HasMomentum() {
		b.momentum = outer.Start(s, b.RunRef, b.Model.Spec.NumWeights, from, b.layout())
	}
}

// stage builds the stage at a place of an iteration with that learning rate; nil: the optimizer's own.
func (b *stages) stage(s beam.Scope, at Place, rate *float64) {
	plan := b.Schedule.Rounds
	if plan.Stages(at.Done+1) > 1 {
		s = s.Scope(fmt.Sprintf("stage %d", at.Stages+1))
	}
	is := plan.Stage(at.Done+1, at.Stages)
	step := b.step(at.Done + 1)
	step.Rate, step.Part = rate, is.Part
	if plan.InWarmUp(at.Done + 1) {
		b.weights, b.one = trainshard.WarmUp(s, step, is.Turn, b.shards, b.weights, b.one, b.gate)
		return
	}
	if !b.states.IsValid() {
		b.beginRounds(s, nil)
	}
	places := &trainshard.Places{Rows: b.rows(), WarmUp: plan.WarmUp, Global: plan.Global}
	if step.Fresh = plan.Fresh; plan.Fresh || plan.Global {
		step.Places = places
	}
	var trained beam.PCollection
	b.states, trained = trainshard.Train(s, step, b.states, b.weights, b.gate)
	mean := average.Mean(s, b.RunRef, step.Layout, trained)
	if !plan.Rule.HasMomentum() {
		b.weights = mean
		return
	}
	round := outer.Round{Run: b.RunRef, Model: b.Recipe, Rule: plan.Rule, LearningRate: b.learningRate(places, step)}
	b.momentum, b.weights = outer.Next(s, round, b.momentum, b.weights, mean)
}

// step is what stages of an iteration have in common.
func (b *stages) step(iteration int) trainshard.Step {
	return trainshard.Step{Run: b.RunRef, Model: b.Recipe, Seed: b.Seed, Iteration: iteration, Layout: b.layout()}
}

// rows are those of every shard of the training table.
func (f *Fit) rows() (rows []int) {
	for _, shard := range f.training().Shards {
		rows = append(rows, shard.Rows)
	}
	return rows
}

// learningRate is that of the first step of a round, of the first shard that has one.
func (f *Fit) learningRate(places *trainshard.Places, step trainshard.Step) float64 {
	optimizer := f.Model.Optimizer()
	if step.Rate != nil {
		optimizer = optimizer.WithRate(*step.Rate)
	}
	shard := 0
	for shard < len(places.Rows)-1 && places.Rows[shard] == 0 {
		shard++
	}
	return optimizer.RateAt(places.At(*f.Model.Fit, shard, step.Iteration, step.Part).Place)
}

// recompute builds the stage that computes moving statistics anew.
func (b *stages) recompute(s beam.Scope, iteration int) {
	step := b.step(iteration)
	b.weights = average.Mean(s, b.RunRef, step.Layout, trainshard.Recompute(s, step, b.shards, b.weights))
}

// end keeps what the next pipeline begins with.
func (b *stages) end(s beam.Scope, to Course) {
	box := to.box.Box
	collect.Keep[average.Vector](s, box, average.Key, b.weights)
	if b.Schedule.last(to.Done) {
		return
	}
	if warmUp, _ := b.Schedule.inWarmUp(to.Place); warmUp {
		collect.Keep[trainshard.One](s, box, trainshard.OneKey, b.one)
		return
	}
	collect.Keep[trainshard.State](s, box, trainshard.Key, b.states)
	if b.momentum.IsValid() {
		collect.Keep[average.Vector](s, box, outer.Key, b.momentum)
	}
}
