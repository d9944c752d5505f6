package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/trainer"
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
	Shard    int
	From, To int // rows From to To-1 of the shard
}

// encodePiece writes the three numbers, little-endian.
func encodePiece(p Piece) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(p.Shard))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.From))
	return binary.LittleEndian.AppendUint64(b, uint64(p.To))
}

func decodePiece(b []byte) (Piece, error) {
	if len(b) != 20 {
		return Piece{}, fmt.Errorf("dataset: %d bytes are no piece", len(b))
	}
	return Piece{
		Shard: int(binary.LittleEndian.Uint32(b)),
		From:  int(binary.LittleEndian.Uint64(b[4:])),
		To:    int(binary.LittleEndian.Uint64(b[12:])),
	}, nil
}

// Cut turns the PCollection<Shard> of a set into the PCollection<Piece> of all its rows, and of no rows where a shard has
// none.
func Cut(s beam.Scope, run, name string, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("dataset.Cut "+name), &cutFn{Run: run, Set: name}, shards)
}

type cutFn struct{ Run, Set string }

func (f *cutFn) ProcessElement(_ context.Context, shard Shard, emit func(Piece)) error {
	set, err := Of(f.Run, f.Set)
	if err != nil {
		return err
	}
	for _, p := range set.cut(shard.Index, pieceRows) {
		emit(p)
	}
	return nil
}

// cut is a shard in pieces of at most n rows.
func (s *Set) cut(shard, n int) []Piece {
	rows := s.ShardRows(shard)
	pieces := []Piece{{Shard: shard, To: min(n, rows)}}
	for from := n; from < rows; from += n {
		pieces = append(pieces, Piece{Shard: shard, From: from, To: min(from+n, rows)})
	}
	return pieces
}

// PieceData is what a piece holds, once the set is loaded. Nobody changes it.
func (s *Set) PieceData(p Piece) trainer.Dataset {
	var data trainer.Buffers
	first := 0 // row of the shard
	for _, b := range s.shards[p.Shard].buffers {
		from, to := max(p.From-first, 0), min(p.To-first, b.N)
		first += b.N
		if from >= to {
			continue
		}
		part := trainer.Buffer{N: to - from}
		for k, v := range s.layout.Inputs {
			part.Inputs = append(part.Inputs, b.Inputs[k][from*v.Size():to*v.Size()])
		}
		for k, v := range s.layout.Labels {
			if v.Numeric {
				part.Labels = append(part.Labels, nil)
				part.Numbers = append(part.Numbers, b.Numbers[k][from*v.Size():to*v.Size()])
				continue
			}
			part.Labels = append(part.Labels, b.Labels[k][from*v.Size():to*v.Size()])
			part.Numbers = append(part.Numbers, nil)
		}
		data = append(data, part)
	}
	return data
}
