package trainshard

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[State](), State.MarshalBinary, decodeState)
	beam.RegisterType(reflect.TypeFor[startFn]())
	collect.Register[State]()
}

// A State is a shard between two stages.
type State struct {
	Shard     dataset.Shard
	Optimizer trainer.State
}

// MarshalBinary writes the length of the shard's bytes (uint32, little-endian), those, and the optimizer's state.
func (s State) MarshalBinary() ([]byte, error) {
	shard, err := s.Shard.MarshalBinary()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 4+len(shard)+16+4*len(s.Optimizer.Slots))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(shard)))
	return s.Optimizer.AppendBinary(append(b, shard...))
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return fmt.Errorf("trainshard: %d bytes are no state", len(b))
	}
	n := 4 + int(binary.LittleEndian.Uint32(b))
	if err := s.Shard.UnmarshalBinary(b[4:n]); err != nil {
		return fmt.Errorf("trainshard: the shard of a state: %w", err)
	}
	return s.Optimizer.UnmarshalBinary(b[n:])
}

func decodeState(b []byte) (State, error) { return bundle.FromBytes[State](b) }

// CollectKey is the number of the shard.
func (s State) CollectKey() string { return s.Shard.CollectKey() }

// Start turns a PCollection<dataset.Shard> into the PCollection<State> before a stage: the states of the box, or, where from is
// nil, those before the first step.
func Start(s beam.Scope, run bundle.Ref, model recipe.Model, from *collect.Box, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("trainshard.Start"), &startFn{Run: run, Model: model, From: from}, shards)
}

// startFn finds the state of a shard.
type startFn struct {
	Run   bundle.Ref
	Model recipe.Model
	From  *collect.Box
}

func (f *startFn) ProcessElement(ctx context.Context, shard dataset.Shard, emit func(State)) error {
	s, err := f.start(ctx, shard)
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	emit(s)
	return nil
}

func (f *startFn) start(ctx context.Context, shard dataset.Shard) (State, error) {
	model, err := f.Model.Load(ctx, bundle.Of(f.Run))
	if err != nil {
		return State{}, err
	}
	if f.From == nil {
		return State{shard, model.NewState()}, nil
	}
	// Taken, not kept: all shards' moments together are as much memory as a run has.
	s, err := collect.Take[State](ctx, *f.From, Key+shard.CollectKey())
	if err == nil {
		err = model.CheckState(s.Optimizer)
	}
	return State{shard, s.Optimizer}, err
}
