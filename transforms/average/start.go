package average

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() { beam.RegisterType(reflect.TypeFor[startFn]()) }

// Key is the key of weights in a box.
const Key = "weights"

// Start is the PCollection<Vector> of the one weight vector that lies in the box under Key.
func Start(s beam.Scope, from collect.Box) beam.PCollection {
	return beam.ParDo(s.Scope("average.Start"), &startFn{From: from}, beam.Impulse(s))
}

// startFn emits the weights of a box.
type startFn struct{ From collect.Box }

func (f *startFn) ProcessElement(ctx context.Context, _ []byte, emit func(Vector)) error {
	v, err := collect.Get[Vector](ctx, f.From, Key)
	if err != nil {
		return bundle.Of(f.From.Run).Fail(err)
	}
	emit(v)
	return nil
}
