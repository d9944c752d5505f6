package average

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Vector](), Vector.MarshalBinary, decodeVector)
	collect.Register[Vector]()
	beam.RegisterCoder(reflect.TypeFor[Sum](), encodeSum, decodeSum)
	beam.RegisterType(reflect.TypeFor[meanFn]())
	beam.RegisterType(reflect.TypeFor[placeFn]())
}

// Mean takes the PCollection<Vector> of the shards' weights, all in the pieces of the layout, and returns the PCollection<Vector> of the
// pieces of the one row-weighted mean. Nobody else may read the shards' vectors: their memory is used again (Spare).
func Mean(s beam.Scope, run bundle.Ref, layout Layout, weights beam.PCollection) beam.PCollection {
	s = s.Scope("average.Mean")
	if layout.OneByOne > 0 {
		return beam.ParDo(s, newOneByOneFn(run, layout), beam.ParDo(s, &placeFn{}, weights))
	}
	return beam.DropKey(s, beam.CombinePerKey(s, &meanFn{Run: run, Layout: layout}, beam.ParDo(s, &placeFn{}, weights)))
}

// placeFn keys vectors by their place.
type placeFn struct{}

func (*placeFn) ProcessElement(v Vector) (int, Vector) { return v.Offset, v }

// meanFn is the CombineFn over Sum.
type meanFn struct {
	Run    bundle.Ref
	Layout Layout
}

func (*meanFn) CreateAccumulator() Sum { return Sum{} }

func (f *meanFn) AddInput(ctx context.Context, s Sum, v Vector) (Sum, error) {
	spare, err := SpareOf(ctx, f.Run)
	if err != nil {
		return s, err
	}
	s, err = s.add(v, f.Layout, spare)
	spare.Give(v)
	return s, err
}

func (*meanFn) MergeAccumulators(a, b Sum) (Sum, error) { return a.Merge(b) }

func (f *meanFn) ExtractOutput(ctx context.Context, s Sum) (Vector, error) {
	spare, err := SpareOf(ctx, f.Run)
	if err != nil {
		return Vector{}, err
	}
	v, err := s.mean(f.Layout, spare)
	spare.giveSum(s)
	return v, err
}
