package pipelines

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
)

// checkpointSchema is that of a checkpoint, the table MODEL_checkpoint: a row per shard, of which that of shard 0 has the weights and
// the scores of all.
var checkpointSchema = table.Schema{
	{Name: "iteration", Type: table.Int32Type},
	{Name: "arguments", Type: table.TextType}, // JSON of fit.identity
	{Name: "start_training_time", Type: table.TextType},
	{Name: "elapsed_time", Type: table.Float64Type}, // in seconds, without the time between commands
	{Name: "shard", Type: table.Int32Type},
	{Name: "optimizer_state", Type: table.BytesType},
	{Name: "model_weights", Type: table.BytesType},
	{Name: "scores", Type: table.Float64ArrayType}, // see packReports
}

// checkpoint is the name of the fit's checkpoint.
func (f *fit) checkpoint() table.Name { return f.target.WithSuffix("_checkpoint") }

// identity is what a fit has in common with the checkpoint that it goes on from, so that the weights are those of a fit that was
// never stopped. The number of iterations is not among it. The values of the tables, which are read later, come to it in compareRows.
func (f *fit) identity() map[string]string {
	set := f.sets[trainingSet]
	var rows []int
	for shard := range set.Shards() {
		rows = append(rows, set.ShardRows(shard))
	}
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		return digestText(sum[:])
	}
	return map[string]string{
		"source table":      f.opt.Source,
		"rows of shards":    fmt.Sprint(rows),
		"architecture":      digest(f.stored.arch),
		"first weights":     digest(weights.Encode(f.course.weights)),
		"compile_params":    f.opt.Compile,
		"fit_params":        f.opt.Fit,
		"validation table":  f.opt.Validation,
		"metrics frequency": strconv.Itoa(f.opt.MetricsEvery),
		"seed":              strconv.FormatUint(f.opt.Seed, 10),
	}
}

func digestText(sum []byte) string { return fmt.Sprintf("SHA-256 %x", sum) }

// compareRows makes the values of the tables part of the identity when they have been read, and compares them with those of the
// checkpoint that the fit goes on from, before training begins. others is the identity of that; nil: it begins at the beginning.
func (f *fit) compareRows(others map[string]string) {
	for name, set := range f.sets {
		before := set.Loaded
		set.Loaded = func() error {
			if err := before(); err != nil {
				return err
			}
			values, digest := valuesOf(name), digestText(set.Digest())
			f.course.mu.Lock()
			defer f.course.mu.Unlock()
			f.same[values] = digest
			if others != nil && others[values] != digest {
				return f.ofCheckpoint(otherFit([]string{values}))
			}
			return nil
		}
	}
}

// valuesOf is the name of a table's values in an identity.
func valuesOf(set string) string { return "values of the " + set + " table" }

// ofCheckpoint is an error about the checkpoint.
func (f *fit) ofCheckpoint(err error) error {
	return fmt.Errorf("checkpoint: %w", &table.TableError{Table: f.checkpoint(), Err: err})
}

// otherFit is the error of a checkpoint whose identity differs under these names.
func otherFit(names []string) error {
	return fmt.Errorf("is of a fit with other arguments (%s): repeat that one to go on with it, or drop the table", strings.Join(names, ", "))
}

// saveCheckpoint puts the course in the place of the last checkpoint.
func (f *fit) saveCheckpoint(ctx context.Context) (err error) {
	arguments, err := json.Marshal(f.same)
	if err != nil {
		return err
	}
	b, elapsed := table.NewBatch(checkpointSchema), f.elapsed().Seconds()
	for shard := range f.sets[trainingSet].Shards() {
		state, err := f.course.states[shard].MarshalBinary()
		if err != nil {
			return err
		}
		var vector, scored any
		if shard == 0 {
			vector, scored = weights.Encode(f.course.weights), packReports(f.course.sorted())
		}
		err = b.Append(f.course.done, string(arguments), f.summary.started.Format(time.RFC3339Nano), elapsed, shard, state, vector, scored)
		if err != nil {
			return err
		}
	}
	out, err := f.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: f.checkpoint(), Schema: checkpointSchema, Replace: true}}})
	if err != nil {
		return err
	}
	defer abort(ctx, out)
	return writeTables(ctx, f.Store, out, b)
}

// resume goes on from the checkpoint, where there is one.
func (f *fit) resume(ctx context.Context) error {
	f.same = f.identity()
	snap, err := f.Store.Snapshot(ctx, f.checkpoint())
	if errors.Is(err, table.ErrNotExist) {
		f.compareRows(nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer snap.Close()
	if err := f.restore(ctx, snap); err != nil {
		return f.ofCheckpoint(err)
	}
	return nil
}

// restore makes the course that of a checkpoint.
func (f *fit) restore(ctx context.Context, snap table.Snapshot) error {
	if err := checkCheckpoint(snap.Info().Schema); err != nil {
		return err
	}
	b, err := readAll(ctx, f.Store, snap, checkpointSchema.Names())
	if err != nil {
		return err
	}
	arguments, err := readArguments(b)
	if err != nil {
		return err
	}
	if other := different(f.same, arguments); other != nil {
		return otherFit(other)
	}
	c, err := readCheckpoint(b, f.sets[trainingSet].Shards(), f.scoreNames())
	if err != nil {
		return err
	}
	if c.iteration >= f.opt.Iterations {
		return fmt.Errorf("is of iteration %d; expected one before the last of %d", c.iteration, f.opt.Iterations)
	}
	vector, err := weights.Decode(f.stored.spec, c.weights)
	if err != nil {
		return err
	}
	for shard, state := range c.states {
		if err := f.model.CheckState(state); err != nil {
			return fmt.Errorf("shard %d: %w", shard, err)
		}
	}
	f.course.done, f.course.weights, f.course.states, f.course.reports = c.iteration, vector, c.states, c.reports
	f.compareRows(arguments)
	f.resumed, f.summary.started, f.earlier = c.iteration, c.started, c.elapsed
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

// scoreNames are the names of the metrics of each table that is scored: the training table, then that for validation.
func (f *fit) scoreNames() [][]string {
	names := [][]string{f.summary.metricNames}
	if f.sets[validationSet] != nil {
		names = append(names, f.summary.metricNames)
	}
	return names
}

// dropCheckpoint drops the checkpoint of a fit that has ended well.
func (f *fit) dropCheckpoint(ctx context.Context) {
	err := f.Store.Mutate(ctx, f.checkpoint(), table.Tx.Drop)
	if err != nil && !errors.Is(err, table.ErrNotExist) {
		f.warn([]string{fmt.Sprintf("the checkpoint is no longer needed, and could not be dropped: %v", err)})
	}
}
