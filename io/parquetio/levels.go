package parquetio

import (
	"fmt"
	"math/bits"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// levels are the definition and repetition levels of a page, the form in which Parquet keeps what is NULL and where lists end: how much
// of the path to a value is there, and at which of the lists around it the value goes on.
type levels struct {
	def, rep hybrid
	entries  int // levels of each kind: values, NULLs and empty lists
	values   int // those that are values
}

// of makes the levels of rows from to to of a vector whose arrays are lists in lists, depth deep; 0: scalars, which have no repetition
// levels. Arrays that are neither empty nor NULL must have that many dimensions: another number is an *arrowvec.RowError.
func (l *levels) of(v *table.Vector, depth, from, to int) error {
	// On the path to an element each list counts twice: it is not NULL, and it has elements. The element counts once.
	present := uint32(2*depth + 1)
	l.entries, l.values = 0, 0
	l.def.begin(uint(bits.Len32(present)))
	l.rep.begin(uint(bits.Len(uint(depth))))
	if depth == 0 {
		l.put(v.Null, from, to, present)
		return nil
	}
	for i := from; i < to; i++ {
		first, last := v.Offsets[i], v.Offsets[i+1]
		l.rep.put(0, 1)
		switch shape := v.Shape(i); {
		case v.IsNull(i):
			l.def.put(0, 1)
			l.entries++
			continue
		case first == last:
			l.def.put(1, 1)
			l.entries++
			continue
		case len(shape) != depth:
			return &arrowvec.RowError{Row: i, Err: fmt.Errorf("an array of %d dimensions in a column of arrays of %d", len(shape), depth)}
		default:
			l.nested(shape, last-first)
		}
		l.put(v.ElemNull, first, last, present)
	}
	return nil
}

// put adds the definition levels of values, of which those marked are NULL.
func (l *levels) put(null []bool, from, to int, present uint32) {
	l.entries += to - from
	if null == nil {
		l.values += to - from
		l.def.put(present, to-from)
		return
	}
	for _, is := range null[from:to] {
		if is {
			l.def.put(present-1, 1)
			continue
		}
		l.values++
		l.def.put(present, 1)
	}
}

// nested adds the repetition levels of the elements of an array of that shape, but for the first.
func (l *levels) nested(shape []int, elems int) {
	inner := shape[len(shape)-1]
	for j := 0; j < elems; j += inner {
		if j > 0 {
			level := len(shape) - 1
			for size := inner * shape[level-1]; level > 1 && j%size == 0; size *= shape[level-1] {
				level--
			}
			l.rep.put(uint32(level), 1)
		}
		l.rep.put(uint32(len(shape)), inner-1)
	}
}
