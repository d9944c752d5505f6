package fitting

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// A savedCourse is what a checkpoint table holds: the header, and the bytes of all values by key.
type savedCourse struct {
	header checkpointHeader
	values map[string][]byte
}

// checkCheckpoint checks the columns of a table. It may have more.
func checkCheckpoint(s table.Schema) error {
	for _, want := range checkpointSchema {
		i := s.Index(want.Name)
		if i < 0 {
			return fmt.Errorf("is no checkpoint: there is no column %q", want.Name)
		}
		if got := s[i].Type; got.Kind != want.Type.Kind || got.Array != want.Type.Array {
			return fmt.Errorf("is no checkpoint: column %q has type %s, expected %s", want.Name, got, want.Type)
		}
	}
	return nil
}

// readCheckpoint reads the rows of a checkpoint, whose columns are those of checkpointSchema.
func readCheckpoint(b *table.Batch) (c savedCourse, err error) {
	if c.values, err = collect.Join(b, b.Col("key").Strings); err != nil {
		return c, err
	}
	text, ok := c.values[headerKey]
	if !ok {
		return c, fmt.Errorf("is no checkpoint: key %q is missing", headerKey)
	}
	if err := json.Unmarshal(text, &c.header); err != nil {
		return c, fmt.Errorf("is no checkpoint: %s: %w", headerKey, err)
	}
	switch h := c.header; {
	case h.Format != checkpointFormat:
		return c, &OtherFitError{fmt.Sprintf("is of format %d; this version of beamfit goes on from format %d only", h.Format, checkpointFormat)}
	case h.Iteration < 1 || h.Iteration > math.MaxInt32:
		return c, fmt.Errorf("is of iteration %d, expected at least 1", h.Iteration)
	case !(h.Elapsed >= 0 && h.Elapsed < 1e9):
		return c, fmt.Errorf("elapsed time %v, expected seconds", h.Elapsed)
	}
	return c, nil
}

// vector are the weights of a key of the checkpoint, for that model.
func (c savedCourse) vector(key string, spec *keras.Spec) ([]float32, error) {
	var v average.Vector
	if err := v.UnmarshalBinary(c.values[key]); err != nil {
		return nil, err
	}
	if len(v.Values) != spec.NumWeights {
		return nil, fmt.Errorf("has %d weights, the model has %d", len(v.Values), spec.NumWeights)
	}
	return v.Values, nil
}

// shardState is the state of a shard.
func (c savedCourse) shardState(shard int, model *trainer.Model) (s trainshard.State, err error) {
	if err = s.UnmarshalBinary(c.values[trainshard.Key+strconv.Itoa(shard)]); err == nil {
		err = model.CheckState(s.Optimizer)
	}
	if err != nil {
		return s, fmt.Errorf("shard %d: %w", shard, err)
	}
	return trainshard.State{Optimizer: s.Optimizer}, nil
}

// turnState is the state that a warm-up hands on.
func (c savedCourse) turnState(model *trainer.Model) (s trainshard.TurnState, err error) {
	if err = s.UnmarshalBinary(c.values[trainshard.TurnStateKey]); err == nil {
		err = model.CheckState(s.Optimizer)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", trainshard.TurnStateKey, err)
	}
	return s, nil
}
