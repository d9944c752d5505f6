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

// loadFn reads the shards of a bundle, side by side.
type loadFn struct {
	Run    bundle.Ref
	Model  recipe.Model
	Digest bool
	shards []Shard // of the bundle
	tasks  bundle.Tasks[[]Shard]
}

func (f *loadFn) ProcessElement(_ context.Context, s Shard, _ func(Shard)) {
	f.shards = append(f.shards, s)
}

// FinishBundle reads when all shards are known, since some may have to be read together.
func (f *loadFn) FinishBundle(ctx context.Context, emit func(Shard)) error {
	groups := together(f.shards)
	f.shards = nil
	for _, shards := range groups {
		err := f.tasks.Go(ctx, f.Run, func(ctx context.Context) ([]Shard, error) { return f.load(ctx, bundle.Of(f.Run), shards) })
		if err != nil {
			return err
		}
	}
	return f.tasks.Finish(func(shards []Shard) {
		for _, s := range shards {
			emit(s)
		}
	})
}

// load reads shards, and finds the digests that are wanted.
func (f *loadFn) load(ctx context.Context, run *bundle.Run, shards []Shard) ([]Shard, error) {
	model, err := f.Model.Load(ctx, run)
	if err != nil {
		return nil, err
	}
	all, err := load(ctx, run, model, shards)
	if err != nil || !f.Digest {
		return shards, err
	}
	return shards, run.Parallel(ctx, len(shards), func(ctx context.Context, i int) (err error) {
		if shards[i].Digest == "" {
			shards[i].Digest, err = all[i].digest(ctx)
		}
		return err
	})
}
