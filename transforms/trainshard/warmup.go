package trainshard

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[TurnState](), TurnState.MarshalBinary, decodeTurnState)
	collect.Register[TurnState]()
	beam.RegisterType(reflect.TypeFor[startTurnFn]())
	beam.RegisterType(reflect.TypeFor[turnFn]())
	beam.RegisterType(reflect.TypeFor[copyFn]())
}

// StartTurnState is the PCollection<TurnState> of the one state that a warm-up goes on with: that of the box, or, where from is nil, that before the
// first step.
func StartTurnState(s beam.Scope, run bundle.Ref, model recipe.Model, from *collect.Box) beam.PCollection {
	return beam.ParDo(s.Scope("trainshard.StartTurnState"), &startTurnFn{Run: run, Model: model, From: from}, beam.Impulse(s))
}

// startTurnFn finds the state of a warm-up.
type startTurnFn struct {
	Run   bundle.Ref
	Model recipe.Model
	From  *collect.Box
}

func (f *startTurnFn) ProcessElement(ctx context.Context, _ []byte, emit func(TurnState)) error {
	model, err := f.Model.Load(ctx, bundle.Of(f.Run))
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	if f.From == nil {
		emit(TurnState{model.NewState()})
		return nil
	}
	s, err := collect.Take[TurnState](ctx, *f.From, TurnStateKey)
	if err == nil {
		err = model.CheckState(s.Optimizer)
	}
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	emit(s)
	return nil
}

// A TurnState is the state of the optimizer that goes from shard to shard in a warm-up.
type TurnState struct{ Optimizer trainer.State }

// MarshalBinary writes the optimizer's state.
func (o TurnState) MarshalBinary() ([]byte, error) { return o.Optimizer.MarshalBinary() }

// UnmarshalBinary reads what MarshalBinary wrote.
func (o *TurnState) UnmarshalBinary(b []byte) error { return o.Optimizer.UnmarshalBinary(b) }

func decodeTurnState(b []byte) (TurnState, error) { return bundle.FromBytes[TurnState](b) }

// WarmUp lets one shard, whose number is turn, train its part of an iteration as the one worker that there is. It takes the
// PCollection<dataset.Shard> of all shards, the PCollection<average.Vector> of the weights, in pieces or whole, the PCollection<TurnState> of the
// state, and a PCollection<int> of one element that must be there before; it returns the weights and the state after it, which
// is the one that was given where it does not travel. Nothing is averaged.
func WarmUp(s beam.Scope, stage Stage, turn int, shards, weights, state, after beam.PCollection) (beam.PCollection, beam.PCollection) {
	s = s.Scope("trainshard.WarmUp")
	trained, end := beam.ParDo2(s, &turnFn{Stage: stage, Turn: turn}, shards,
		beam.SideInput{Input: weights}, beam.SideInput{Input: state}, beam.SideInput{Input: after})
	if stage.From != nil {
		end = state
	}
	return trained, end
}

// turnFn trains one of the shards.
type turnFn struct {
	Stage Stage
	Turn  int
}

func (f *turnFn) ProcessElement(
	ctx context.Context, shard dataset.Shard, pieces func(*average.Vector) bool, turn TurnState, _ int, weights func(average.Vector), state func(TurnState),
) error {
	if shard.Index != f.Turn {
		return nil
	}
	var tasks bundle.Tasks[trained]
	w, err := average.Join(pieces)
	if err != nil {
		return bundle.Of(f.Stage.Run).Fail(err)
	}
	err = tasks.Go(ctx, f.Stage.Run, func(ctx context.Context) (trained, error) { return f.Stage.train(ctx, State{shard, turn.Optimizer}, w) })
	if err != nil {
		return err
	}
	return tasks.Finish(func(t trained) {
		f.Stage.Layout.Emit(t.weights, weights)
		state(TurnState{t.state.Optimizer})
	})
}

// CopyToAll gives every shard of the PCollection<dataset.Shard> a copy of the one state that a warm-up has left: the PCollection<State>.
func CopyToAll(s beam.Scope, shards, turn beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("trainshard.CopyToAll"), &copyFn{}, shards, beam.SideInput{Input: turn})
}

// copyFn copies the state.
type copyFn struct{}

func (*copyFn) ProcessElement(shard dataset.Shard, turn TurnState) State {
	return State{shard, turn.Optimizer.Clone()}
}
