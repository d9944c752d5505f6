package parquetio

import (
	"fmt"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// levels are the definition and repetition levels of a column's rows, the form in which Parquet keeps what is NULL and where lists end:
// how much of the path to a value is there, and at which of the lists around it the value goes on. They are made in one pass; the
// library takes time that grows with the square of the rows for those of lists.
type levels struct {
	def, rep []int16
}

// of makes the levels of a vector whose arrays are lists in lists, depth deep. Arrays that are neither empty nor NULL must have that many
// dimensions: another number is an *arrowvec.RowError.
func (l *levels) of(v *table.Vector, depth int) error {
	l.def, l.rep = l.def[:0], l.rep[:0]
	if depth == 0 {
		for i := range v.Len() {
			l.def = append(l.def, there(v.IsNull(i), 1))
		}
		return nil
	}
	// On the path to an element each list counts twice: it is not NULL, and it has elements. The element counts once.
	present := int16(2*depth + 1)
	for i := range v.Len() {
		first, last := v.Offsets[i], v.Offsets[i+1]
		l.rep = append(l.rep, 0)
		switch shape := v.Shape(i); {
		case v.IsNull(i):
			l.def = append(l.def, 0)
			continue
		case first == last:
			l.def = append(l.def, 1)
			continue
		case len(shape) != depth:
			return &arrowvec.RowError{Row: i, Err: fmt.Errorf("an array of %d dimensions in a column of arrays of %d", len(shape), depth)}
		case depth > 1:
			l.nested(shape, last-first)
		default:
			l.rep = repeat(l.rep, 1, last-first-1)
		}
		if v.ElemNull == nil {
			l.def = repeat(l.def, present, last-first)
			continue
		}
		for _, null := range v.ElemNull[first:last] {
			l.def = append(l.def, there(null, present))
		}
	}
	return nil
}

// nested adds the repetition levels of the elements of an array of that shape, but for the first.
func (l *levels) nested(shape []int, elems int) {
	for j := 1; j < elems; j++ {
		level := len(shape)
		for size := shape[level-1]; level > 1 && j%size == 0; size *= shape[level-1] {
			level--
		}
		l.rep = append(l.rep, int16(level))
	}
}

// there is the level of what is there, one less where it is NULL.
func there(null bool, level int16) int16 {
	if null {
		return level - 1
	}
	return level
}

func repeat(dst []int16, level int16, n int) []int16 {
	for range n {
		dst = append(dst, level)
	}
	return dst
}

// notNull are the values that are not NULL.
func notNull[T any](values []T, null []bool) []T {
	if null == nil {
		return values
	}
	out := make([]T, 0, len(values))
	for i, x := range values {
		if !null[i] {
			out = append(out, x)
		}
	}
	return out
}
