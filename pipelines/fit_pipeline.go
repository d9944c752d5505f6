package pipelines

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/score"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// train runs the pipelines of the schedule from a course on and returns the course at the end.
func (f *fit) train(ctx context.Context, c course) (course, error) {
	for {
		last, more := f.schedule.next(c.done, c.stopped != "")
		if !more {
			return c, nil
		}
		next, err := f.iterate(ctx, c, last)
		if err != nil {
			return c, f.ofValues(err)
		}
		f.dropBox(ctx, c.box)
		c = next
		if err := f.decide(ctx, &c); err != nil {
			return c, err
		}
		if f.schedule.checkpoint(c.done, c.stopped != "") {
			if err := f.saveCheckpoint(ctx, c); err != nil {
				return c, fmt.Errorf("checkpoint: %w", err)
			}
		}
	}
}

// iterate runs the pipeline of the iterations from those of the course to the last, and returns the course after it:
//
//	shards --> load --> states --.      .--> states --> ...  --> states --> box
//	                        train -+
//	box --> weights -- side input  '--> average --> weights --+--> side input of the next iteration, or box
//	                                                          '--> score --> box
//
// The first iteration begins when all tables are read, every other when the one before it is averaged and, where it is scored,
// scored.
func (f *fit) iterate(ctx context.Context, c course, last int) (course, error) {
	box, err := f.boxAfter(ctx, last)
	if err != nil {
		return course{}, err
	}
	next := course{done: last, box: box, reports: c.reports, callbacks: c.callbacks, best: c.best}
	rates, err := c.rates(c.done+1, last)
	if err != nil {
		return next, err
	}
	totals := map[string]int64{dataset.Stage: 0}
	for _, set := range f.sets {
		totals[dataset.Stage] += set.Buffers()
	}
	began := time.Now()
	err = f.pipeline(totals, func(s beam.Scope) error {
		f.build(s, c, next, rates)
		return nil
	})
	if err != nil {
		return next, err
	}
	scores, err := f.scoresIn(ctx, next, c.done+1)
	if err != nil {
		return next, err
	}
	for i := c.done + 1; i <= last; i++ {
		if s, ok := scores[i]; ok {
			next.reports = append(next.reports, f.reportOf(s))
		}
	}
	if f.remote {
		f.clock.Afterwards(c.done+1, last, time.Since(began), scores)
	}
	if f.digests && c.done == f.resumed {
		return next, f.takeDigests(ctx, next.box)
	}
	return next, nil
}

// scoresIn are the scores that a course has in its box, from iteration first on, by iteration.
func (f *fit) scoresIn(ctx context.Context, c course, first int) (map[int]iterationScores, error) {
	scores := map[int]iterationScores{}
	for i := first; i <= c.done; i++ {
		if !f.schedule.scored(i) {
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

// build makes the pipeline from one course to the next, whose iterations have these learning rates.
func (f *fit) build(s beam.Scope, from, to course, rates []*float64) {
	run := f.worker
	var loaded, pieces []beam.PCollection
	for _, set := range f.sets {
		shards := dataset.Load(s, run, f.recipe, f.digests, f.spread(s, beam.CreateList(s, set.Shards)))
		if f.digests {
			collect.Keep[dataset.Shard](s, to.box.Box, shardKey(set.Set), shards)
		}
		loaded = append(loaded, shards)
		pieces = append(pieces, dataset.Cut(s, shards))
	}
	states := trainshard.Start(s, run, f.recipe, from.states(), loaded[0])
	weights := average.Start(s, from.box.Box, f.limits.piece)
	after := beam.ParDo(s, &loadedFn{Run: run}, stats.CountElms(s, beam.Flatten(s, loaded...)))
	for i := from.done + 1; i <= to.done; i++ {
		s := s.Scope(fmt.Sprintf("iteration %d", i))
		var trained beam.PCollection
		step := trainshard.Step{
			Run: run, Model: f.recipe, Seed: f.opt.Seed, Iteration: i, Rate: rates[i-from.done-1], Piece: f.limits.piece,
		}
		states, trained = trainshard.Train(s, step, states, weights, after)
		weights = average.Mean(s, trained)
		beam.ParDo0(s, &averagedFn{Run: run, Iteration: i}, weights)
		if f.schedule.scored(i) {
			var scores beam.PCollection
			scores, after = beam.ParDo2(s, &scoredFn{Iteration: i}, score.Tables(s, run, f.recipe, pieces, weights))
			collect.Keep[iterationScores](s, to.box.Box, scoresKey, scores)
		}
	}
	collect.Keep[average.Vector](s, to.box.Box, average.Key, weights)
	if !f.schedule.last(to.done) {
		collect.Keep[trainshard.State](s, to.box.Box, trainshard.Key, states)
	}
}

// reportOf is what the summary says of an iteration.
func (f *fit) reportOf(s iterationScores) scoreReport {
	outputs := len(f.model.Spec.Outputs)
	r := scoreReport{Iteration: s.Iteration, Elapsed: f.elapsed(s.At), Training: scoresOf(f.model.Model, s.Scores.By[trainingSet], outputs)}
	if len(f.sets) > 1 {
		r.Validation = scoresOf(f.model.Model, s.Scores.By[validationSet], outputs)
	}
	return r
}

// elapsed is the time that the fit had taken at a moment, in this command and in those before that it goes on from.
// Clocks may differ and be set back: no time is before the beginning.
func (f *fit) elapsed(at time.Time) time.Duration { return f.earlier + max(0, at.Sub(f.begun)) }
