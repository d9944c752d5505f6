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
	"github.com/beamfit/beamfit/transforms/dataset"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Scores](), encodeScores, decodeScores)
	beam.RegisterType(reflect.TypeFor[scoreFn]())
	beam.RegisterType(reflect.TypeFor[mergeFn]())
}

// A Job is what the DoFns of a run share, through bundle.Share as a *Job.
type Job struct {
	Model *trainer.Model
	// Scored hears of every piece that is scored; nil: nobody listens. Calls may come at the same time.
	Scored func(rows int)
}

// Stage is the name of the stage in progress reports; its unit is "rows".
const Stage = "scoring"

// Scores are the scores of tables by the names of their sets.
type Scores struct{ By map[string]trainer.Score }

// encodeScores writes, sorted by name, each name and score with its length before it (uvarint).
func encodeScores(s Scores) ([]byte, error) {
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

func decodeScores(b []byte) (Scores, error) {
	s := Scores{map[string]trainer.Score{}}
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
			return s, err
		}
		part, err := next()
		if err != nil {
			return s, err
		}
		var one trainer.Score
		if err := one.UnmarshalBinary(part); err != nil {
			return s, err
		}
		s.By[string(name)] = one
	}
	return s, nil
}

// Tables takes the PCollection<dataset.Piece> of each set by name and the PCollection<average.Vector> of the one weight
// vector, and returns the PCollection<Scores> of the one result. The run shares a *Job.
func Tables(s beam.Scope, run string, sets map[string]beam.PCollection, weights beam.PCollection) beam.PCollection {
	s = s.Scope("score.Tables")
	var partial []beam.PCollection
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		partial = append(partial, beam.ParDo(s, &scoreFn{Run: run, Set: name}, sets[name], beam.SideInput{Input: weights}))
	}
	all := partial[0]
	if len(partial) > 1 {
		all = beam.Flatten(s, partial...)
	}
	return beam.Combine(s, &mergeFn{}, all)
}

// scoreFn scores pieces side by side.
type scoreFn struct {
	Run, Set string
	tasks    bundle.Tasks[Scores]
}

func (f *scoreFn) StartBundle(_ context.Context, _ average.Vector, _ func(Scores)) {
	f.tasks.Start(f.Run)
}

func (f *scoreFn) ProcessElement(ctx context.Context, piece dataset.Piece, w average.Vector, _ func(Scores)) error {
	return f.tasks.Go(ctx, func(ctx context.Context) (Scores, error) {
		j, err := bundle.Shared[*Job](f.Run)
		if err != nil {
			return Scores{}, err
		}
		set, err := dataset.Of(f.Run, f.Set)
		if err != nil {
			return Scores{}, err
		}
		one, err := j.Model.Evaluate(ctx, set.PieceData(piece), w.Values)
		if err != nil {
			return Scores{}, err
		}
		if j.Scored != nil {
			j.Scored(one.Rows())
		}
		return Scores{map[string]trainer.Score{f.Set: one}}, nil
	})
}

func (f *scoreFn) FinishBundle(_ context.Context, _ average.Vector, emit func(Scores)) error {
	return f.tasks.Finish(emit)
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
