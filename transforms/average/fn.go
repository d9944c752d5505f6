package average

import (
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/collect"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Vector](), Vector.MarshalBinary, decodeVector)
	collect.Register[Vector]()
	beam.RegisterCoder(reflect.TypeFor[Sum](), encodeSum, decodeSum)
	beam.RegisterType(reflect.TypeFor[meanFn]())
	beam.RegisterType(reflect.TypeFor[placeFn]())
}

// Mean takes the PCollection<Vector> of the shards' weights, all in the same pieces, and returns the PCollection<Vector> of the pieces of
// the one row-weighted mean.
func Mean(s beam.Scope, weights beam.PCollection) beam.PCollection {
	s = s.Scope("average.Mean")
	return beam.DropKey(s, beam.CombinePerKey(s, &meanFn{}, beam.ParDo(s, &placeFn{}, weights)))
}

// placeFn keys vectors by their place.
type placeFn struct{}

func (*placeFn) ProcessElement(v Vector) (int, Vector) { return v.Offset, v }

// meanFn is the CombineFn over Sum.
type meanFn struct{}

func (*meanFn) CreateAccumulator() Sum { return Sum{} }

func (*meanFn) AddInput(s Sum, v Vector) (Sum, error) { return s.Add(v) }

func (*meanFn) MergeAccumulators(a, b Sum) (Sum, error) { return a.Merge(b) }

func (*meanFn) ExtractOutput(s Sum) (Vector, error) { return s.Mean() }
