package average

import (
	"cmp"
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() { beam.RegisterType(reflect.TypeFor[startFn]()) }

// Key is the key of weights in a box.
const Key = "weights"

// Load is the weight vector that lies in a box under Key, whole or in pieces.
func Load(ctx context.Context, from collect.Box) (Vector, error) { return LoadKey(ctx, from, Key) }

// LoadKey is the vector that lies in a box under a key, whole or in pieces.
func LoadKey(ctx context.Context, from collect.Box, key string) (Vector, error) {
	var failed error
	at, total := 0, -1
	v, err := Join(func(piece *Vector) bool {
		if at == total || failed != nil {
			return false
		}
		*piece, failed = collect.Get[Vector](ctx, from, key+Vector{Offset: at}.CollectKey())
		at += len(piece.Values)
		total = max(piece.Total, len(piece.Values))
		return failed == nil
	})
	return v, cmp.Or(failed, err)
}

// Start is the PCollection<Vector> of the weight vector that lies in a box under Key, in pieces of that layout.
func Start(s beam.Scope, from collect.Box, layout Layout) beam.PCollection {
	return beam.ParDo(s.Scope("average.Start"), &startFn{From: from, Layout: layout}, beam.Impulse(s))
}

// startFn emits the weights of a box.
type startFn struct {
	From   collect.Box
	Layout Layout
}

func (f *startFn) ProcessElement(ctx context.Context, _ []byte, emit func(Vector)) error {
	v, err := Load(ctx, f.From)
	if err != nil {
		return bundle.Of(f.From.Run).Fail(err)
	}
	f.Layout.Emit(v, emit)
	return nil
}
