package average

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"

	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() { beam.RegisterType(reflect.TypeFor[oneByOneFn]()) }

// oneByOneFn makes the mean of the vectors of each place as they come. Flink's runner makes one element of all vectors of a group, and sends a worker a hundred
// elements before it looks whether the worker takes them: with many shards that is more memory than it has. To a DoFn with a state it brings the vectors of a
// place together too, in a bundle of their own, but each as an element.
type oneByOneFn struct {
	Run    bundle.Ref
	Layout Layout
	// State makes the engine bring vectors of a place together; nothing is in it.
	State state.Value[bool]
	sums  map[int]*counted // of the bundle, by place
}

// counted is a sum of so many vectors.
type counted struct {
	Sum
	vectors int
}

func newOneByOneFn(run bundle.Ref, layout Layout) *oneByOneFn {
	return &oneByOneFn{Run: run, Layout: layout, State: state.MakeValueState[bool]("place")}
}

func (f *oneByOneFn) ProcessElement(ctx context.Context, _ state.Provider, place int, v Vector, _ func(Vector)) error {
	spare, err := SpareOf(ctx, f.Run)
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	if f.sums == nil {
		f.sums = map[int]*counted{}
	}
	s := f.sums[place]
	if s == nil {
		s = &counted{}
		f.sums[place] = s
	}
	s.vectors++
	s.Sum, err = s.add(v, f.Layout, spare)
	return bundle.Of(f.Run).Fail(err)
}

// FinishBundle fails where vectors of a place are in another bundle, or nowhere.
func (f *oneByOneFn) FinishBundle(ctx context.Context, emit func(Vector)) error {
	sums := f.sums
	f.sums = nil
	spare, err := SpareOf(ctx, f.Run)
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	for _, place := range slices.Sorted(maps.Keys(sums)) {
		s := sums[place]
		if s.vectors != f.Layout.OneByOne {
			err := fmt.Errorf("internal error: %d of the %d vectors of weights from %d on have come together", s.vectors, f.Layout.OneByOne, place)
			return bundle.Of(f.Run).Fail(err)
		}
		v, err := s.mean(f.Layout, spare)
		if err != nil {
			return bundle.Of(f.Run).Fail(err)
		}
		spare.giveSum(s.Sum)
		emit(v)
	}
	return nil
}
