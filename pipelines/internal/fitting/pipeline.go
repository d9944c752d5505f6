package fitting

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/score"
)

// RunPipeline runs the pipeline of the stages from those of the course up to a place, and returns the course after it:
//
//	shards --> load --> states --.      .--> states --> ...  --> states --> box
//	                        train -+
//	box --> weights -- side input  '--> average --> weights --+--> side input of the next round, or box
//	                                                          '--> score --> box
//
// The first stage begins when all tables are read, or, where workers are other processes, the shards of the training table that the worker has; every other
// when the one before it is averaged and, where an iteration is scored after it, scored. In a warm-up weights go from shard to shard, with one state, and
// nothing is averaged. An outer rule makes the next weights of the average, the weights before and its momentum (outer.Next). Small weights on an engine are
// averaged by the next round itself, and by a step of their own only where they are scored or kept (meetsInTraining).
func (f *Fit) RunPipeline(ctx context.Context, c Course, to Place) (Course, error) {
	box, err := f.boxAfter(ctx, to)
	if err != nil {
		return Course{}, err
	}
	next := c
	next.Place, next.box, next.rate = to, box, nil
	rates, err := c.rates(to)
	if err != nil {
		return next, err
	}
	if to.Stages > 0 {
		next.rate = rates[len(rates)-1]
	}
	began := time.Now()
	// What the tables are is kept when they are first read, if they may be read again: by a later command, or by other workers.
	first := c.Place == Place{Done: f.Resumed}
	keepShards := first && (f.Identity != nil || f.Remote)
	err = f.Pipeline(f.totals(), func(s beam.Scope) error {
		f.build(s, c, next, rates, keepShards)
		return nil
	})
	if err != nil {
		return next, err
	}
	scores, err := f.scoresIn(ctx, next, c.Done+1)
	if err != nil {
		return next, err
	}
	for i := c.Done + 1; i <= to.Done; i++ {
		if s, ok := scores[i]; ok {
			next.Reports = append(next.Reports, f.reportOf(s))
		}
	}
	if f.Remote {
		f.tellAfterwards(c.Done+1, to.Done, time.Since(began), scores)
	}
	if keepShards {
		return next, f.takeDigests(ctx, next.box)
	}
	return next, nil
}

// totals are how many buffers a pipeline reads.
func (f *Fit) totals() map[string]int64 {
	totals := map[string]int64{dataset.Stage: 0}
	for _, set := range f.Sets {
		totals[dataset.Stage] += set.Buffers()
	}
	return totals
}

// scoresIn are the scores that a course has in its box, from iteration first on, by iteration.
func (f *Fit) scoresIn(ctx context.Context, c Course, first int) (map[int]iterationScores, error) {
	scores := map[int]iterationScores{}
	for i := first; i <= c.Done; i++ {
		if !f.Schedule.scored(i) {
			continue
		}
		s, err := collect.Get[iterationScores](ctx, c.box.Box, iterationScores{Iteration: i}.key())
		if err != nil {
			return nil, err
		}
		scores[i] = s
	}
	return scores, nil
}

// load reads the tables: the shards of the training table, the pieces of all tables that are scored, and the gate of the first stage. keep is
// where the shards are kept with their digests; nil: nowhere.
//
// A gate is an element that a stage waits for, whatever its value, since it is a side input.
func (f *Fit) load(s beam.Scope, keep *collect.Box) (shards beam.PCollection, pieces []beam.PCollection, gate beam.PCollection) {
	var loaded []beam.PCollection
	for _, set := range f.Sets {
		shards := dataset.Load(s, f.RunRef, f.Recipe, keep != nil, f.Spread(s, beam.CreateList(s, set.Shards)))
		if keep != nil {
			collect.Keep[dataset.Shard](s, *keep, shardKey(set.Role), shards)
		}
		loaded = append(loaded, shards)
		pieces = append(pieces, dataset.Cut(s, shards))
	}
	if f.Remote { // nobody hears that all are read, and counting them would be four more tasks of Flink for every pipeline
		return loaded[0], pieces, beam.ParDo(s, &openFn{}, beam.Impulse(s))
	}
	return loaded[0], pieces, beam.ParDo(s, &tablesReadFn{Run: f.RunRef}, stats.CountElms(s, beam.Flatten(s, loaded...)))
}

// build makes the pipeline from one course to the next, whose iterations have these learning rates. keepShards: the box gets the shards
// with their digests.
func (f *Fit) build(s beam.Scope, from, to Course, rates []*float64, keepShards bool) {
	var keep *collect.Box
	if keepShards {
		keep = &to.box.Box
	}
	var pieces []beam.PCollection
	b := stages{fit: f, to: to}
	b.shards, pieces, b.gate = f.load(s, keep)
	b.begin(s, from)
	f.watch(s, to.box.Box, average.Key, b.shards)
	for at := from.Place; at != to.Place; at = f.Schedule.after(at) {
		i := at.Done + 1
		s := s.Scope(fmt.Sprintf("iteration %d", i))
		b.stage(s, at, rates[at.Done-from.Done])
		if f.Schedule.after(at).Stages > 0 {
			continue
		}
		if f.Schedule.scored(i) && f.Schedule.Rounds.Moving == rounds.Recompute {
			b.recompute(s, i)
		}
		if !f.Remote { // else nobody hears it, and it would be two more tasks of Flink for every iteration
			beam.ParDo0(s, &averagedFn{Run: f.RunRef, Iteration: i}, b.averaged(s))
		}
		if f.Schedule.scored(i) {
			var scores beam.PCollection
			scores, b.gate = beam.ParDo2(s, &scoredFn{Iteration: i}, score.Tables(s, f.RunRef, f.Recipe, pieces, b.averaged(s)))
			collect.Keep[iterationScores](s, to.box.Box, scoresKey, scores)
		}
	}
	b.end(s)
}

// reportOf is what the summary says of an iteration.
func (f *Fit) reportOf(s iterationScores) tables.Report {
	outputs := len(f.Model.Spec.Outputs)
	r := tables.Report{Iteration: s.Iteration, Elapsed: f.elapsed(s.At), Training: tables.ScoresOf(f.Model.Model, s.Scores.By[TrainingSet], outputs)}
	if len(f.Sets) > 1 {
		r.Validation = tables.ScoresOf(f.Model.Model, s.Scores.By[ValidationSet], outputs)
	}
	return r
}
