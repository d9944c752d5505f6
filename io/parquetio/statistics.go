package parquetio

import (
	"bytes"
	"cmp"

	"github.com/beamfit/beamfit/io/table"
)

// maxBound is the longest text that is kept as the least or greatest one.
const maxBound = 64

// statistics are what a column chunk says of its values, so that readers can pass it over.
type statistics struct {
	nulls       int
	least, most []byte // PLAIN, texts without their length; nil: not known
}

// of looks at all values of a scalar column; those of arrays have no order that readers ask for.
func (s *statistics) of(v *table.Vector) {
	var a, b int
	var ok bool
	switch v.Type.Kind {
	case table.Int16:
		a, b, ok = bounds(v.Int16s, v.Null)
	case table.Int32:
		a, b, ok = bounds(v.Int32s, v.Null)
	case table.Int64:
		a, b, ok = bounds(v.Int64s, v.Null)
	case table.Float32:
		a, b, ok = bounds(v.Float32s, v.Null)
	case table.Float64:
		a, b, ok = bounds(v.Float64s, v.Null)
	case table.Bool, table.Bytes:
	default:
		if a, b, ok = bounds(v.Strings, v.Null); ok {
			if ok = len(v.Strings[a]) <= maxBound && len(v.Strings[b]) <= maxBound; ok {
				s.least, s.most = []byte(v.Strings[a]), []byte(v.Strings[b])
			}
		}
		return
	}
	if !ok {
		return
	}
	s.least, s.most = appendValue(nil, v, a), appendValue(nil, v, b)
	// Either zero may be meant by the other.
	if width := len(s.least); v.Type.Kind == table.Float32 || v.Type.Kind == table.Float64 {
		if isZero(s.least) {
			s.least[width-1] = 0x80
		}
		if isZero(s.most) {
			s.most[width-1] = 0
		}
	}
}

// isZero reports a zero of either sign.
func isZero(number []byte) bool {
	last := len(number) - 1
	return number[last]&^0x80 == 0 && bytes.Count(number[:last], []byte{0}) == last
}

// bounds are the places of the least and the greatest value; NaN and NULL are none. ok is false where there is none.
func bounds[T cmp.Ordered](values []T, null []bool) (least, most int, ok bool) {
	for i, x := range values {
		if null != nil && null[i] || x != x {
			continue
		}
		if !ok {
			least, most, ok = i, i, true
			continue
		}
		if x < values[least] {
			least = i
		} else if x > values[most] {
			most = i
		}
	}
	return least, most, ok
}

// write writes the statistics as field id of an open structure.
func (s *statistics) write(w *thriftWriter, id int) {
	w.field(id, thriftStruct)
	w.begin()
	w.intField(3, thriftI64, int64(s.nulls))
	if s.least != nil {
		w.field(5, thriftBinary)
		w.text(string(s.most))
		w.field(6, thriftBinary)
		w.text(string(s.least))
	}
	w.end()
}
