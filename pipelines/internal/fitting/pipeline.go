package fitting

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/score"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// Iterate runs the pipeline of the iterations from those of the course to the last, and returns the course after it:
//
//	shards --> load --> states --.      .--> states --> ...  --> states --> box
//	                        train -+
//	box --> weights -- side input  '--> average --> weights --+--> side input of the next iteration, or box
//	                                                          '--> score --> box
//
// The first iteration begins when all tables are read, every other when the one before it is averaged and, where it is scored,
// scored.
func (f *Fit) Iterate(ctx context.Context, c Course, last int) (Course, error) {
	box, err := f.boxAfter(ctx, last)
	if err != nil {
		return Course{}, err
	}
	next := Course{Done: last, box: box, Reports: c.Reports, callbacks: c.callbacks, best: c.best}
	rates, err := c.rates(c.Done+1, last)
	if err != nil {
		return next, err
	}
	totals := map[string]int64{dataset.Stage: 0}
	for _, set := range f.Sets {
		totals[dataset.Stage] += set.Buffers()
	}
	began := time.Now()
	// What the tables are is kept when they are first read, if they may be read again: by a later command, or by other workers.
	first := c.Done == f.Resumed
	keepShards := first && (f.Identity != nil || f.Remote)
	err = f.Pipeline(totals, func(s beam.Scope) error {
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
	for i := c.Done + 1; i <= last; i++ {
		if s, ok := scores[i]; ok {
			next.Reports = append(next.Reports, f.reportOf(s))
		}
	}
	if f.Remote {
		f.tellAfterwards(c.Done+1, last, time.Since(began), scores)
	}
	if keepShards {
		return next, f.takeDigests(ctx, next.box)
	}
	return next, nil
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

// build makes the pipeline from one course to the next, whose iterations have these learning rates. keepShards: the box gets the shards
// with their digests.
//
// A gate is an element that a stage waits for, whatever its value, since it is a side input.
func (f *Fit) build(s beam.Scope, from, to Course, rates []*float64, keepShards bool) {
	run := f.RunRef
	var loaded, pieces []beam.PCollection
	for _, set := range f.Sets {
		shards := dataset.Load(s, run, f.Recipe, keepShards, f.Spread(s, beam.CreateList(s, set.Shards)))
		if keepShards {
			collect.Keep[dataset.Shard](s, to.box.Box, shardKey(set.Set), shards)
		}
		loaded = append(loaded, shards)
		pieces = append(pieces, dataset.Cut(s, shards))
	}
	states := trainshard.Start(s, run, f.Recipe, from.states(), loaded[0])
	weights := average.Start(s, from.box.Box, f.Limits.Piece)
	gate := beam.ParDo(s, &loadedFn{Run: run}, stats.CountElms(s, beam.Flatten(s, loaded...)))
	for i := from.Done + 1; i <= to.Done; i++ {
		s := s.Scope(fmt.Sprintf("iteration %d", i))
		var trained beam.PCollection
		step := trainshard.Step{
			Run: run, Model: f.Recipe, Seed: f.Seed, Iteration: i, Rate: rates[i-from.Done-1], Piece: f.Limits.Piece,
		}
		states, trained = trainshard.Train(s, step, states, weights, gate)
		weights = average.Mean(s, trained)
		beam.ParDo0(s, &averagedFn{Run: run, Iteration: i}, weights)
		if f.Schedule.scored(i) {
			var scores beam.PCollection
			scores, gate = beam.ParDo2(s, &scoredFn{Iteration: i}, score.Tables(s, run, f.Recipe, pieces, weights))
			collect.Keep[iterationScores](s, to.box.Box, scoresKey, scores)
		}
	}
	collect.Keep[average.Vector](s, to.box.Box, average.Key, weights)
	if !f.Schedule.last(to.Done) {
		collect.Keep[trainshard.State](s, to.box.Box, trainshard.Key, states)
	}
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
