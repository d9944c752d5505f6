package trainshard

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() { beam.RegisterType(reflect.TypeFor[bareFn]()) }

// The keys of states in a box.
const (
	// Key begins those of shards' states; the number of the shard follows.
	Key = "state-"
	// TurnStateKey is that of the one state of a warm-up.
	TurnStateKey = "warm-up"
)

// A Kept is where the states of optimizers lie that do not travel: those that one stage leaves and the next one, of the same pipeline or of another,
// begins with.
type Kept struct {
	// New: nowhere, since they are those before the first step.
	New bool `json:",omitempty"`
	Box collect.Box
	// Turn: it is the one state of a warm-up (TurnState), not one for every shard.
	Turn bool `json:",omitempty"`
	// After ends the keys of states that the next stage of the same pipeline begins with, and says which stage has left them; "": the next pipeline
	// begins with them.
	After string `json:",omitempty"`
}

// get is the state that a shard begins with.
func (k Kept) get(ctx context.Context, shard dataset.Shard, model *recipe.Loaded) (s trainer.State, err error) {
	switch {
	case k.New:
		return model.NewState(), nil
	case k.Turn:
		var turn TurnState
		turn, err = collect.Get[TurnState](ctx, k.Box, TurnStateKey+k.After)
		s = turn.Optimizer
	default:
		var state State
		state, err = collect.Get[State](ctx, k.Box, Key+shard.CollectKey()+k.After)
		s = state.Optimizer
	}
	if err == nil {
		err = model.CheckState(s)
	}
	return s, err
}

// put leaves the state that a shard ends with.
func (k Kept) put(ctx context.Context, s State) error {
	if k.Turn {
		return k.Box.Put(ctx, TurnStateKey+k.After, TurnState{s.Optimizer})
	}
	return k.Box.Put(ctx, Key+s.CollectKey()+k.After, s)
}

// Bare turns a PCollection<dataset.Shard> into the PCollection<State> of shards whose states do not travel: the elements have none.
func Bare(s beam.Scope, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("trainshard.Bare"), &bareFn{}, shards)
}

type bareFn struct{}

func (*bareFn) ProcessElement(shard dataset.Shard) State { return State{Shard: shard} }

// BareTurnState is the PCollection<TurnState> of a warm-up whose state does not travel.
func BareTurnState(s beam.Scope) beam.PCollection {
	return beam.Create(s.Scope("trainshard.BareTurnState"), TurnState{})
}
