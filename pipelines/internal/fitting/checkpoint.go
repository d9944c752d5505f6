package fitting

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/outer"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// checkpointSchema is that of a checkpoint, the table MODEL_checkpoint: the box of a course, with its keys and pieces, and what the
// course belongs to.
var checkpointSchema = append(table.Schema{
	{Name: "iteration", Type: table.Int32Type}, // the same in all rows
	{Name: "key", Type: table.TextType},
}, collect.Schema...)

// headerKey is the key of a checkpoint's header, and reportsKey that of its reports.
const (
	headerKey  = "header"
	reportsKey = "scores"
)

// checkpointFormat is the format of a checkpoint's values; another one is refused.
const checkpointFormat = 2

// A checkpointHeader says what a checkpoint is of, as JSON.
type checkpointHeader struct {
	Format    int
	Iteration int
	// Identity has what the fit has in common with one that goes on from it, but for the values of its tables: Digests has those of
	// the shards of each.
	Identity map[string]string
	Digests  map[string][]string
	Started  time.Time
	// Elapsed is in seconds, without the time between commands.
	Elapsed float64
}

func (h checkpointHeader) MarshalBinary() ([]byte, error) { return json.Marshal(h) }

// CheckpointTable is the name of the checkpoint of a fit of that model.
func CheckpointTable(model table.Name) table.Name { return model.WithSuffix("_checkpoint") }

// checkpointSpec is the table that takes the place of the last checkpoint.
func (f *Fit) checkpointSpec() table.TableSpec {
	return table.TableSpec{Name: CheckpointTable(f.Target), Schema: checkpointSchema, Replace: true, Ordered: true}
}

// ofCheckpoint is an error about the checkpoint.
func (f *Fit) ofCheckpoint(err error) error {
	return fmt.Errorf("checkpoint: %w", &table.TableError{Table: CheckpointTable(f.Target), Err: err})
}

// saveCheckpoint puts a course in the place of the last checkpoint.
func (f *Fit) saveCheckpoint(ctx context.Context, c Course) error {
	out, err := f.Store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{f.checkpointSpec()}})
	if err != nil {
		return err
	}
	defer tables.Abort(ctx, out)
	if err := f.writeCheckpoint(ctx, out.ID(), c); err != nil {
		return err
	}
	if err := f.CheckClaims(ctx); err != nil {
		return err
	}
	return out.Commit(ctx)
}

func (f *Fit) writeCheckpoint(ctx context.Context, output string, c Course) error {
	w, err := f.Store.Append(ctx, table.Part{Output: output, Key: "0"})
	if err != nil {
		return err
	}
	defer w.Discard()
	put := func(key string, value encoding.BinaryMarshaler) error {
		return collect.Write(ctx, w, checkpointSchema, value, c.Done, key)
	}
	header := checkpointHeader{
		Format: checkpointFormat, Iteration: c.Done, Identity: f.Identity, Digests: map[string][]string{},
		Started: f.Started, Elapsed: f.elapsed(time.Now()).Seconds(),
	}
	for _, set := range f.Sets {
		for _, shard := range set.Shards {
			header.Digests[set.Role] = append(header.Digests[set.Role], shard.Digest)
		}
	}
	if err := put(headerKey, header); err != nil {
		return err
	}
	if err := put(reportsKey, packedReports(c.Reports)); err != nil {
		return err
	}
	vector, err := average.Load(ctx, c.box.Box)
	if err != nil {
		return err
	}
	if err := put(average.Key, vector); err != nil {
		return err
	}
	if c.best != nil {
		if err := put(bestKey, average.Vector{Values: c.best}); err != nil {
			return err
		}
	}
	if c.tail != nil {
		if err := put(tailKey, average.Vector{Rows: int64(c.inTail), Values: c.tail}); err != nil {
			return err
		}
	}
	if err := f.putStates(ctx, c, put); err != nil {
		return err
	}
	return w.Close(ctx)
}

// putStates puts what the next stage takes up besides the weights (Schedule.leaves).
func (f *Fit) putStates(ctx context.Context, c Course, put func(string, encoding.BinaryMarshaler) error) error {
	states, turn, hasMomentum := f.Schedule.leaves(c.Place)
	if turn {
		state, err := collect.Get[trainshard.TurnState](ctx, c.box.Box, trainshard.TurnStateKey)
		if err != nil {
			return err
		}
		if err := put(trainshard.TurnStateKey, state); err != nil {
			return err
		}
	}
	if states {
		for _, shard := range f.training().Shards {
			key := trainshard.Key + shard.CollectKey()
			state, err := collect.Get[trainshard.State](ctx, c.box.Box, key)
			if err != nil {
				return err
			}
			if err := put(key, state); err != nil {
				return err
			}
		}
	}
	if !hasMomentum {
		return nil
	}
	momentum, err := average.LoadKey(ctx, c.box.Box, outer.Key)
	if err != nil {
		return err
	}
	return put(outer.Key, momentum)
}
