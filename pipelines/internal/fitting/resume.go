package fitting

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/outer"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// resume is the course that a fit begins with: that of its checkpoint, where there is one, else one of no iterations with the start
// weights.
func (f *Fit) resume(ctx context.Context, start []float32) (Course, error) {
	if f.Identity == nil || f.Anew {
		return f.newCourse(ctx, 0, start, nil, nil)
	}
	snap, err := f.Store.Snapshot(ctx, CheckpointTable(f.Target))
	if errors.Is(err, table.ErrNotExist) {
		return f.newCourse(ctx, 0, start, nil, nil)
	}
	if err != nil {
		return Course{}, fmt.Errorf("checkpoint: %w", err)
	}
	defer snap.Close()
	c, err := f.restore(ctx, snap, start)
	if err != nil {
		return c, f.ofCheckpoint(err)
	}
	return c, nil
}

// restore is the course of a checkpoint, which is that of no iterations where the checkpoint is empty.
func (f *Fit) restore(ctx context.Context, snap table.Snapshot, start []float32) (Course, error) {
	if err := checkCheckpoint(snap.Info().Schema); err != nil {
		return Course{}, err
	}
	if snap.Info().Rows == 0 { // of a fit that has ended, and needed by a view or the like
		return f.newCourse(ctx, 0, start, nil, nil)
	}
	b, err := tables.ReadAll(ctx, f.Store, snap, checkpointSchema.Names())
	if err != nil {
		return Course{}, err
	}
	c, err := readCheckpoint(b)
	if err != nil {
		return Course{}, err
	}
	if other := different(f.Identity, c.header.Identity); other != nil {
		return Course{}, otherFit(other)
	}
	if c.header.Iteration >= f.Schedule.Iterations {
		return Course{}, &OtherFitError{fmt.Sprintf("is of iteration %d; expected one before the last of %d", c.header.Iteration, f.Schedule.Iterations)}
	}
	if err := f.adoptDigests(c.header.Digests); err != nil {
		return Course{}, err
	}
	vector, err := c.vector(average.Key, f.Model.Spec)
	if err != nil {
		return Course{}, err
	}
	left, err := f.leftBy(c)
	if err != nil {
		return Course{}, err
	}
	reports, err := unpackReports(c.values[reportsKey], c.header.Iteration, f.scoreNames(), len(LossNames(f.Model)))
	if err != nil {
		return Course{}, err
	}
	f.Resumed, f.Started = c.header.Iteration, c.header.Started
	f.earlier = time.Duration(c.header.Elapsed * float64(time.Second))
	from, err := f.newCourse(ctx, c.header.Iteration, vector, left, reports)
	if err != nil {
		return from, err
	}
	if plan := f.Schedule.Rounds; plan.Tail != "" && from.Done >= plan.TailFrom {
		tail, err := c.vector(tailKey, f.Model.Spec)
		if err != nil {
			return from, fmt.Errorf("%s: %w", tailKey, err)
		}
		from.tail, from.inTail = tail, from.Done-plan.TailFrom+1
	}
	from.best, err = f.bestOf(c, from.callbacks)
	return from, err
}

// leftBy is what stages had left at the checkpoint besides the weights, by key.
func (f *Fit) leftBy(c savedCourse) (map[string]encoding.BinaryMarshaler, error) {
	left := map[string]encoding.BinaryMarshaler{}
	states, turn, hasMomentum := f.Schedule.leaves(Place{Done: c.header.Iteration})
	if turn {
		state, err := c.turnState(f.Model.Model)
		if err != nil {
			return nil, err
		}
		left[trainshard.TurnStateKey] = state
	}
	if states {
		for i := range f.training().Shards {
			state, err := c.shardState(i, f.Model.Model)
			if err != nil {
				return nil, err
			}
			left[trainshard.Key+strconv.Itoa(i)] = state
		}
	}
	if !hasMomentum {
		return left, nil
	}
	momentum, err := c.vector(outer.Key, f.Model.Spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", outer.Key, err)
	}
	left[outer.Key] = average.Vector{Values: momentum}
	return left, nil
}

// adoptDigests makes the values of the tables at the checkpoint what the tables must have.
func (f *Fit) adoptDigests(digests map[string][]string) error {
	for _, set := range f.Sets {
		of := digests[set.Role]
		if len(of) != len(set.Shards) {
			return otherFit([]string{"values of the " + set.Role + " table"})
		}
		for i := range of {
			set.Shards[i].Digest = of[i]
		}
	}
	return nil
}

// different are the names under which others does not have what an identity has, sorted.
func different(identity, others map[string]string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(identity)) {
		if x, ok := others[name]; !ok || x != identity[name] {
			names = append(names, name)
		}
	}
	return names
}

// An OtherFitError is that of a checkpoint which this fit cannot go on from, but another one, or one of another version, could.
type OtherFitError struct{ text string }

func (e *OtherFitError) Error() string { return e.text }

// otherFit is the error of a checkpoint whose identity differs under these names.
func otherFit(names []string) error {
	return &OtherFitError{fmt.Sprintf("is of a fit with other arguments (%s): repeat that one to go on with it, or drop the table", strings.Join(names, ", "))}
}

// scoreNames are the names of the metrics of each table that is scored: the training table, then that for validation.
func (f *Fit) scoreNames() [][]string {
	var names [][]string
	for range f.Sets {
		names = append(names, tables.MetricNames(f.Model.Model, len(f.Model.Spec.Outputs)))
	}
	return names
}

// ofValues is the error of a pipeline: where a table has other values than the checkpoint says, the error is about that.
func (f *Fit) ofValues(err error) error {
	var of *table.TableError
	if f.Resumed == 0 || !errors.Is(err, table.ErrChanged) || !errors.As(err, &of) {
		return err
	}
	for _, set := range f.Sets {
		if set.Name == of.Table {
			return f.ofCheckpoint(otherFit([]string{"values of the " + set.Role + " table"}))
		}
	}
	return err
}
