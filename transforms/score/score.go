package score

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Scores](), Scores.MarshalBinary, decodeScores)
	beam.RegisterType(reflect.TypeFor[scoreFn]())
	beam.RegisterType(reflect.TypeFor[mergeFn]())
	collect.Register[Scores]()
}

// Stage is the name of the stage in progress reports; its unit is "rows".
const Stage = "scoring"

// Scores are the scores of tables by the names of their sets.
type Scores struct{ By map[string]trainer.Score }

// MarshalBinary writes, sorted by name, each name and score with its length before it (uvarint).
func (s Scores) MarshalBinary() ([]byte, error) {
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(s.By)) {
		b, err := s.By[name].MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(binary.AppendUvarint(out, uint64(len(name))), name...)
		out = append(binary.AppendUvarint(out, uint64(len(b))), b...)
	}
	return out, nil
}

func decodeScores(b []byte) (Scores, error) { return bundle.FromBytes[Scores](b) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Scores) UnmarshalBinary(b []byte) error {
	s.By = map[string]trainer.Score{}
	next := func() ([]byte, error) {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return nil, fmt.Errorf("score: the bytes of scores end too early")
		}
		part := b[used : used+int(n)]
		b = b[used+int(n):]
		return part, nil
	}
	for len(b) > 0 {
		name, err := next()
		if err != nil {
			return err
		}
		part, err := next()
		if err != nil {
			return err
		}
		var one trainer.Score
		if err := one.UnmarshalBinary(part); err != nil {
			return err
		}
		s.By[string(name)] = one
	}
	return nil
}

// Tables takes the PCollection<dataset.Piece> of the shards of all sets and the PCollection<average.Vector> of the one weight
// vector, in pieces or whole, and returns the PCollection<Scores> of the one result.
func Tables(s beam.Scope, run bundle.Ref, model recipe.Model, pieces []beam.PCollection, weights beam.PCollection) beam.PCollection {
	s = s.Scope("score.Tables")
	var partial []beam.PCollection
	for _, p := range pieces {
		partial = append(partial, beam.ParDo(s, &scoreFn{Run: run, Model: model}, p, beam.SideInput{Input: weights}))
	}
	all := partial[0]
	if len(partial) > 1 {
		all = beam.Flatten(s, partial...)
	}
	return beam.Combine(s, &mergeFn{}, all)
}

// scoreFn scores pieces side by side.
type scoreFn struct {
	Run   bundle.Ref
	Model recipe.Model

	tasks   bundle.Tasks[Scores]
	weights average.Vector // of the bundle
}

func (f *scoreFn) ProcessElement(ctx context.Context, piece dataset.Piece, pieces func(*average.Vector) bool, _ func(Scores)) (err error) {
	if f.tasks.Begun() == 0 {
		if f.weights, err = average.Join(pieces); err != nil {
			return bundle.Of(f.Run).Fail(err)
		}
	}
	w := f.weights
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Scores, error) {
		return score(ctx, bundle.Of(f.Run), f.Model, piece, w)
	})
}

func (f *scoreFn) FinishBundle(_ context.Context, _ func(*average.Vector) bool, emit func(Scores)) error {
	f.weights = average.Vector{}
	return f.tasks.Finish(emit)
}

// score scores one piece.
func score(ctx context.Context, run *bundle.Run, m recipe.Model, piece dataset.Piece, w average.Vector) (Scores, error) {
	model, err := m.Load(ctx, run)
	if err != nil {
		return Scores{}, err
	}
	data, err := piece.Data(ctx, run, model)
	if err != nil {
		return Scores{}, err
	}
	one, err := model.Evaluate(ctx, data, w.Values)
	if err != nil {
		return Scores{}, err
	}
	run.Watch().Scored(one.Rows())
	return Scores{map[string]trainer.Score{piece.Shard.Table.Role: one}}, nil
}

// mergeFn merges Scores.
type mergeFn struct{}

func (*mergeFn) MergeAccumulators(a, b Scores) (Scores, error) {
	out := Scores{map[string]trainer.Score{}}
	maps.Copy(out.By, a.By)
	for name, score := range b.By {
		merged, err := out.By[name].Merge(score)
		if err != nil {
			return out, err
		}
		out.By[name] = merged
	}
	return out, nil
}
