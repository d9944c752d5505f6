package trainshard

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"

	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/portions"
)

func init() {
	beam.RegisterType(reflect.TypeFor[trainPortionsFn]())
	beam.RegisterType(reflect.TypeFor[recomputePortionsFn]())
}

// trainPortionsFn trains shards as trainFn does, as many side by side as give on a portion.
type trainPortionsFn struct {
	portions.Elements[State]
	Train   trainFn
	portion portions.Portion
}

func (f *trainPortionsFn) ProcessElement(
	ctx context.Context, rt *sdf.LockRTracker, s State, pieces func(*average.Vector) bool, _ int, _ func(State), _ func(average.Vector),
) (sdf.ProcessContinuation, error) {
	if f.portion.Full() {
		return f.portion.Later(), nil
	}
	if err := f.Train.begin(ctx, s, pieces); err != nil {
		return nil, err
	}
	f.portion.Add(4 * (len(f.Train.weights.Values) + len(s.Optimizer.Slots)))
	return portions.Done(rt), nil
}

func (f *trainPortionsFn) FinishBundle(
	_ context.Context, _ func(*average.Vector) bool, _ int, state func(State), weights func(average.Vector),
) error {
	f.portion = portions.Portion{}
	return f.Train.finish(state, weights)
}

// recomputePortionsFn computes statistics as recomputeFn does, of as many shards side by side as give on a portion.
type recomputePortionsFn struct {
	portions.Elements[dataset.Shard]
	Recompute recomputeFn
	portion   portions.Portion
}

func (f *recomputePortionsFn) ProcessElement(
	ctx context.Context, rt *sdf.LockRTracker, shard dataset.Shard, pieces func(*average.Vector) bool, _ func(average.Vector),
) (sdf.ProcessContinuation, error) {
	if f.portion.Full() {
		return f.portion.Later(), nil
	}
	if err := f.Recompute.begin(ctx, shard, pieces); err != nil {
		return nil, err
	}
	f.portion.Add(4 * len(f.Recompute.weights.Values))
	return portions.Done(rt), nil
}

func (f *recomputePortionsFn) FinishBundle(_ context.Context, _ func(*average.Vector) bool, emit func(average.Vector)) error {
	f.portion = portions.Portion{}
	return f.Recompute.finish(emit)
}
