package fitting

import (
	"context"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/score"
)

// tailKey is the key of the average of the tail in a checkpoint, and in the box where it is scored.
const tailKey = "tail"

// tailScores is the number under which the scores of the tail's average stand: that of no iteration.
const tailScores = 0

// addToTail adds the weights of the course to the average of the tail, where the last iteration is in it.
func (f *Fit) addToTail(ctx context.Context, c *Course) error {
	plan := f.Schedule.Rounds
	if plan.Tail == "" || c.Done < plan.TailFrom {
		return nil
	}
	weights, err := c.weights(ctx)
	if err != nil {
		return err
	}
	if c.tail == nil {
		c.tail = make([]float32, len(weights))
	}
	tail := average.Tail{Length: f.Schedule.Iterations - plan.TailFrom + 1, Exponential: plan.Tail == rounds.EMA}
	tail.Add(c.tail, weights, c.inTail)
	c.inTail++
	return nil
}

// endTail scores the average of the tail at the end of a fit, and makes the model of it where its validation loss is smaller than that of
// the last iteration.
func (f *Fit) endTail(ctx context.Context, c *Course) error {
	if c.inTail < 2 { // there is none, or callbacks have ended the fit before
		return nil
	}
	report, weights, err := f.scoreTail(ctx, c.tail, c.Done)
	if err != nil {
		return err
	}
	last := c.Reports[len(c.Reports)-1]
	now, before := report.Validation.Loss, last.Validation.Loss
	c.Tail = fmt.Sprintf("the average of iterations %d to %d has a validation loss of %.6g, iteration %d one of %.6g",
		c.Done-c.inTail+1, c.Done, now, c.Done, before)
	if now < before || before != before {
		c.kept, c.tail = &report, weights
		c.Tail += ": the model is the average"
	} else {
		c.Tail += ": the model is that of the last iteration"
	}
	return nil
}

// TailKept says whether the model is the average of the tail.
func (c Course) TailKept() bool { return c.kept != nil }

// scoreTail scores weights on all tables, with moving statistics that are computed anew where the fit does so, and returns their report, as that
// of an iteration, and the weights that were scored.
func (f *Fit) scoreTail(ctx context.Context, weights []float32, iteration int) (tables.Report, []float32, error) {
	box, err := f.NewBox(ctx, "the average of the tail", f.Target)
	if err != nil {
		return tables.Report{}, nil, err
	}
	defer f.DropBox(ctx, box)
	if err := box.Put(ctx, average.Key, average.Vector{Values: weights}); err != nil {
		return tables.Report{}, nil, err
	}
	err = f.Pipeline(f.totals(), func(s beam.Scope) error {
		var pieces []beam.PCollection
		b := stages{fit: f}
		b.shards, pieces, b.gate = f.load(s, nil)
		b.weights = average.Start(s, box.Box, f.layout())
		if f.Schedule.Rounds.Moving == rounds.Recompute {
			f.watch(s, box.Box, tailKey, b.shards)
			b.recompute(s, iteration)
		}
		scores, _ := beam.ParDo2(s, &scoredFn{Iteration: tailScores}, score.Tables(s, f.RunRef, f.Recipe, pieces, b.weights))
		collect.Keep[iterationScores](s, box.Box, scoresKey, scores)
		collect.Keep[average.Vector](s, box.Box, tailKey, b.weights)
		return nil
	})
	if err != nil {
		return tables.Report{}, nil, err
	}
	scores, err := collect.Get[iterationScores](ctx, box.Box, iterationScores{Iteration: tailScores}.key())
	if err != nil {
		return tables.Report{}, nil, err
	}
	scored, err := average.LoadKey(ctx, box.Box, tailKey)
	report := f.reportOf(scores)
	report.Iteration = iteration
	return report, scored.Values, err
}
