package dataset

import (
	"context"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Shard](), Shard.MarshalBinary, decodeShard)
	beam.RegisterType(reflect.TypeFor[loadFn]())
	collect.Register[Shard]()
}

func decodeShard(b []byte) (Shard, error) { return bundle.FromBytes[Shard](b) }

// Stage is the name of reading in progress reports, which count the buffers of all sets of a run.
const Stage = "reading"

// Load reads the shards of a PCollection<Shard> and returns them, each when its worker has it, in memory or in a file. With digest the
// shards that come out have their Digest.
func Load(s beam.Scope, run bundle.Ref, model recipe.Model, digest bool, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("dataset.Load"), &loadFn{Run: run, Model: model, Digest: digest}, shards)
}

// loadFn reads shards side by side.
type loadFn struct {
	Run    bundle.Ref
	Model  recipe.Model
	Digest bool
	tasks  bundle.Tasks[Shard]
}

func (f *loadFn) ProcessElement(ctx context.Context, s Shard, _ func(Shard)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Shard, error) {
		run := bundle.Of(f.Run)
		model, err := f.Model.Load(ctx, run)
		if err != nil {
			return s, err
		}
		h, err := s.load(ctx, run, model)
		if err != nil {
			return s, err
		}
		if f.Digest && s.Digest == "" {
			s.Digest, err = h.digest()
		}
		return s, err
	})
}

func (f *loadFn) FinishBundle(_ context.Context, emit func(Shard)) error { return f.tasks.Finish(emit) }
