package average

import (
	"fmt"
	"strconv"
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

// CollectKey tells the pieces of a vector apart.
func (v Vector) CollectKey() string {
	if v.Offset == 0 {
		return ""
	}
	return "-" + strconv.Itoa(v.Offset)
}
