package average

import (
	"context"
	"fmt"
	"strconv"

	"github.com/beamfit/beamfit/transforms/bundle"
)

// Join makes the vector of its pieces, in any order. Of a vector that is whole it makes no copy.
func Join(next func(*Vector) bool) (Vector, error) {
	var whole Vector
	found := 0
	for piece := (Vector{}); next(&piece); piece = (Vector{}) {
		if piece.Total == 0 && found == 0 {
			whole, found = piece, len(piece.Values)
			continue
		}
		if whole.Values == nil {
			whole = Vector{Rows: piece.Rows, Values: make([]float32, piece.Total)}
		}
		end := piece.Offset + len(piece.Values)
		if piece.Total == 0 || piece.Total != len(whole.Values) || piece.Offset < 0 || end > piece.Total {
			return Vector{}, fmt.Errorf("average: a piece of %d weights from %d on, of %d, in a vector of %d", len(piece.Values), piece.Offset, piece.Total, len(whole.Values))
		}
		copy(whole.Values[piece.Offset:], piece.Values)
		found += len(piece.Values)
	}
	if found != len(whole.Values) || whole.Values == nil {
		return Vector{}, fmt.Errorf("average: %d of %d weights have come", found, len(whole.Values))
	}
	return whole, nil
}

// JoinMean makes the row-weighted mean of the shards' vectors, each of which must be whole, in any order: that of Mean, bit for bit, for who needs it where it
// needs it. All of them come to whoever asks, so they must be few and small.
func JoinMean(ctx context.Context, run bundle.Ref, layout Layout, next func(*Vector) bool) (Vector, error) {
	spare, err := SpareOf(ctx, run)
	if err != nil {
		return Vector{}, err
	}
	var s Sum
	for v := (Vector{}); next(&v); v = (Vector{}) {
		if v.Total != 0 {
			return Vector{}, fmt.Errorf("average: a piece of %d weights from %d on, of %d, where whole vectors are averaged", len(v.Values), v.Offset, v.Total)
		}
		if s, err = s.add(v, layout, spare); err != nil {
			return Vector{}, err
		}
	}
	m, err := s.mean(layout, spare)
	spare.giveSum(s)
	return m, err
}

// CollectKey tells the pieces of a vector apart.
func (v Vector) CollectKey() string {
	if v.Offset == 0 {
		return ""
	}
	return "-" + strconv.Itoa(v.Offset)
}
