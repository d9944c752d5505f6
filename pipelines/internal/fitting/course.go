package fitting

import (
	"context"
	"encoding"
	"fmt"
	"strconv"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
)

// A Course is how far a fit is: what one pipeline leaves, the next begins with, and a checkpoint holds.
type Course struct {
	Place
	// box has the weights (average.Key) and, behind the beginning and where the fit goes on, the state of every shard (trainshard.Key), or after
	// stages of the warm-up the one that they hand on (trainshard.TurnStateKey), and the momentum of an outer rule that has one (outer.Key). There
	// are no states where the next stage begins with new ones.
	box *job.Box
	// rate is the learning rate of the iteration that is not over; nil: the optimizer's own.
	rate *float64
	// tail is the average of the weights of inTail iterations.
	tail   []float32
	inTail int
	// kept is the report of the tail where the model gets that; nil: it does not. Tail says how they compare; "": there is none.
	kept *tables.Report
	Tail string
	// Reports are those of the iterations that were scored, in their order.
	Reports []tables.Report
	// callbacks are where the callbacks are after these iterations; best are the weights that they have found to be the best, nil: none;
	// stopped says why they end the fit here, "": it goes on.
	callbacks *callback.Run
	best      []float32
	Stopped   string
}

// weights are those of the course. They must not be changed.
func (c Course) weights(ctx context.Context) ([]float32, error) {
	v, err := average.Load(ctx, c.box.Box)
	return v.Values, err
}

// before is where a pipeline finds what stages before have left, nil before the first one.
func (c Course) before() *collect.Box {
	if c.Place == (Place{}) {
		return nil
	}
	return &c.box.Box
}

// rates are the learning rates of the iterations that a pipeline has some of, up to a place; nil: the optimizer's own.
func (c Course) rates(to Place) ([]*float64, error) {
	var rates []*float64
	for at := c.Place; at.Done < to.Done || at.Done == to.Done && to.Stages > 0; at = (Place{Done: at.Done + 1}) {
		rate, err := c.rate, error(nil)
		if at.Stages == 0 { // the callbacks are asked once
			rate, err = c.callbacks.Before(at.Done + 1)
		}
		if err != nil {
			return nil, err
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

// Model is what the model gets: the weights of the course, or the best ones, or the average of the tail, and their report.
func (c Course) Model(ctx context.Context) (weights []float32, of tables.Report, err error) {
	of = c.Reports[len(c.Reports)-1] // the last iteration is always scored
	if c.kept != nil {
		return c.tail, *c.kept, nil
	}
	if c.best == nil {
		weights, err = c.weights(ctx)
		return weights, of, err
	}
	for _, r := range c.Reports {
		if r.Iteration == c.callbacks.BestIteration() {
			of = r
		}
	}
	return c.best, of, nil
}

// newCourse puts weights, and what else stages have left by its key, where a pipeline begins with them.
func (f *Fit) newCourse(ctx context.Context, done int, weights []float32, left map[string]encoding.BinaryMarshaler, reports []tables.Report) (Course, error) {
	box, err := f.boxAfter(ctx, Place{Done: done})
	if err != nil {
		return Course{}, err
	}
	c := Course{Place: Place{Done: done}, box: box, Reports: reports}
	if c.callbacks, err = f.beginCallbacks(done, reports); err != nil {
		return c, err
	}
	if err := c.box.Put(ctx, average.Key, average.Vector{Values: weights}); err != nil {
		return c, err
	}
	for key, value := range left {
		if err := c.box.Put(ctx, key, value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// boxAfter is an empty box for the course at a place.
func (f *Fit) boxAfter(ctx context.Context, at Place) (*job.Box, error) {
	return f.NewBox(ctx, fmt.Sprintf("after %d iterations and %d stages", at.Done, at.Stages), f.Target)
}

// shardKey begins the keys of the shards of a set, with their digests.
func shardKey(role string) string { return "shard-" + role + "-" }

// takeDigests makes what the shards of the tables were when they were read what they must be when they are read again.
func (f *Fit) takeDigests(ctx context.Context, box *job.Box) error {
	for _, set := range f.Sets {
		for i := range set.Shards {
			read, err := collect.Get[dataset.Shard](ctx, box.Box, shardKey(set.Role)+strconv.Itoa(i))
			if err != nil {
				return err
			}
			set.Shards[i].Digest = read.Digest
		}
	}
	return nil
}
