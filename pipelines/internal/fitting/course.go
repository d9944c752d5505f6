package fitting

import (
	"context"
	"fmt"
	"strconv"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// A Course is how far a fit is: what one pipeline leaves, the next begins with, and a checkpoint holds.
type Course struct {
	// Done is the number of iterations.
	Done int
	// box has the weights (average.Key) and, where done > 0 and the fit goes on, the state of every shard (trainshard.Key).
	box *job.Box
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

// states is where the shards find their states, nil before the first step.
func (c Course) states() *collect.Box {
	if c.Done == 0 {
		return nil
	}
	return &c.box.Box
}

// newCourse puts weights and states where a pipeline begins with them.
func (f *Fit) newCourse(ctx context.Context, done int, weights []float32, states []trainer.State, reports []tables.Report) (Course, error) {
	box, err := f.boxAfter(ctx, done)
	if err != nil {
		return Course{}, err
	}
	c := Course{Done: done, box: box, Reports: reports}
	if c.callbacks, err = f.beginCallbacks(done, reports); err != nil {
		return c, err
	}
	if err := c.box.Put(ctx, average.Key, average.Vector{Values: weights}); err != nil {
		return c, err
	}
	for shard, state := range states {
		if err := c.box.Put(ctx, trainshard.Key+strconv.Itoa(shard), trainshard.State{Optimizer: state}); err != nil {
			return c, err
		}
	}
	return c, nil
}

// boxAfter is an empty box for the course after so many iterations.
func (f *Fit) boxAfter(ctx context.Context, done int) (*job.Box, error) {
	return f.NewBox(ctx, fmt.Sprintf("after %d iterations", done), f.Target)
}

// shardKey begins the keys of the shards of a set, with their digests.
func shardKey(set string) string { return "shard-" + set + "-" }

// takeDigests makes what the shards of the tables were when they were read what they must be when they are read again.
func (f *Fit) takeDigests(ctx context.Context, box *job.Box) error {
	for _, set := range f.Sets {
		for i := range set.Shards {
			read, err := collect.Get[dataset.Shard](ctx, box.Box, shardKey(set.Set)+strconv.Itoa(i))
			if err != nil {
				return err
			}
			set.Shards[i].Digest = read.Digest
		}
	}
	return nil
}
