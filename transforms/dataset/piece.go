package dataset

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Piece](), encodePiece, decodePiece)
	beam.RegisterType(reflect.TypeFor[cutFn]())
}

// pieceRows is the most rows of a Piece: enough that the work on it outweighs sending it around. It holds whole batches of
// evaluation, so that these do not depend on where a shard is cut.
const pieceRows = 128 * trainer.EvaluationBatch

// A Piece is the element that stands for some rows of a shard. Work that need not follow the shards goes by pieces, so
// that a single large shard keeps all workers busy.
type Piece struct {
	Shard    Shard
	From, To int // rows From to To-1 of the shard
}

func encodePiece(p Piece) ([]byte, error) { return json.Marshal(p) }

func decodePiece(b []byte) (Piece, error) {
	var p Piece
	err := json.Unmarshal(b, &p)
	return p, err
}

// Cut turns the PCollection<Shard> of a set into the PCollection<Piece> of all its rows, and of no rows where a shard has
// none.
func Cut(s beam.Scope, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("dataset.Cut"), &cutFn{}, shards)
}

type cutFn struct{}

func (*cutFn) ProcessElement(s Shard, emit func(Piece)) {
	for _, p := range s.cut(pieceRows) {
		emit(p)
	}
}

// cut is a shard in pieces of at most n rows.
func (s Shard) cut(n int) []Piece {
	pieces := []Piece{{Shard: s, To: min(n, s.Rows)}}
	for from := n; from < s.Rows; from += n {
		pieces = append(pieces, Piece{Shard: s, From: from, To: min(from+n, s.Rows)})
	}
	return pieces
}

// Data is what a piece holds. Nobody changes it.
func (p Piece) Data(ctx context.Context, run *bundle.Run, model *recipe.Loaded) (trainer.Dataset, error) {
	h, err := p.Shard.load(ctx, run, model)
	if err != nil {
		return nil, err
	}
	return h.data(p.From, p.To), nil
}
