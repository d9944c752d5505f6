package average

import (
	"fmt"
	"math"
)

// A Vector is a flat weight vector, or a piece of one, with the number of rows it was trained on (after the mean: of all shards).
type Vector struct {
	Rows   int64
	Values []float32 // (P), or those of the piece
	// Offset is where the piece begins in the vector, and Total is P; 0: it is the whole vector.
	Offset, Total int
}

// A Sum is Σ rows·weights, each element as the unevaluated sum Hi + Lo. The zero Sum is empty. A Sum never shares memory
// with a Vector.
type Sum struct {
	Rows   int64
	Hi, Lo []float64 // (P), or those of a piece; nil while empty
	// Offset and Total are those of the vectors.
	Offset, Total int
}

// add adds v, a vector of the layout, and returns the sum, which may reuse the memory of s; spare has memory for a new sum.
func (s Sum) add(v Vector, l Layout, spare *Spare) (sum Sum, err error) {
	if v.Rows == 0 {
		return s, nil
	}
	if s.Hi == nil {
		s = Sum{Offset: v.Offset, Total: v.Total}
		s.Hi, s.Lo = spare.sum(len(v.Values))
		s.first(v)
	} else if s, err = s.more(v); err != nil {
		return s, err
	}
	if l.Pooled != nil {
		s.addSquares(v, l.within(v.Offset, len(v.Values)))
	}
	return s, nil
}

// first makes v the sum.
func (s *Sum) first(v Vector) {
	multiply(s.Hi, v.Values, float64(v.Rows))
	clear(s.Lo)
	s.Rows = v.Rows
}

// multiply writes factor·values.
func multiply(to []float64, values []float32, factor float64) {
	to = to[:len(values)]
	for i, w := range values {
		to[i] = factor * float64(w)
	}
}

// more adds v to a sum that is not empty.
func (s Sum) more(v Vector) (Sum, error) {
	rows := float64(v.Rows)
	if len(v.Values) != len(s.Hi) {
		return s, fmt.Errorf("average: a vector of %d weights in a sum of %d", len(v.Values), len(s.Hi))
	}
	addProducts(s.Hi, s.Lo, v.Values, rows)
	s.Rows += v.Rows
	return s, nil
}

// addProducts adds factor·values, which are exact: addTo with an l of 0, for which its second sum changes nothing.
func addProducts(hi, lo []float64, values []float32, factor float64) {
	hi, lo = hi[:len(values)], lo[:len(values)]
	for i, w := range values {
		s, e := twoSum(hi[i], factor*float64(w))
		if s-s != 0 { // infinite or NaN: there is no error term
			hi[i], lo[i] = s, 0
			continue
		}
		hi[i], lo[i] = fastTwoSum(s, e+lo[i])
	}
}

// Merge adds t and returns the sum, which may reuse the memory of s but not that of t.
func (s Sum) Merge(t Sum) (Sum, error) {
	if t.Hi == nil {
		return s, nil
	}
	if s.Hi == nil {
		return Sum{t.Rows, append([]float64{}, t.Hi...), append([]float64{}, t.Lo...), t.Offset, t.Total}, nil
	}
	if len(t.Hi) != len(s.Hi) {
		return s, fmt.Errorf("average: a sum of %d weights and one of %d", len(t.Hi), len(s.Hi))
	}
	for i := range s.Hi {
		s.Hi[i], s.Lo[i] = addTo(s.Hi[i], s.Lo[i], t.Hi[i], t.Lo[i])
	}
	s.Rows += t.Rows
	return s, nil
}

// mean is the sum, of vectors of the layout, divided by its rows; spare has memory for the result.
func (s Sum) mean(l Layout, spare *Spare) (Vector, error) {
	if s.Rows == 0 {
		return Vector{}, fmt.Errorf("average: no shard has rows")
	}
	v := Vector{Rows: s.Rows, Values: spare.Vector(len(s.Hi)), Offset: s.Offset, Total: s.Total}
	rows := float64(s.Rows)
	for i, hi := range s.Hi {
		switch lo := s.Lo[i]; {
		case math.IsNaN(hi):
			v.Values[i] = float32(math.NaN())
		case lo == 0: // keeps the sign of a zero
			v.Values[i] = float32(hi / rows)
		default:
			v.Values[i] = float32((hi + lo) / rows)
		}
	}
	for _, m := range l.within(s.Offset, len(s.Hi)) {
		for i := range m.Len {
			v.Values[m.Variance+i] = s.variance(m.Mean+i, m.Variance+i)
		}
	}
	return v, nil
}

// addTo is the double-double sum (hi + lo) + (h + l), the accurate variant: Joldes, Muller, Popescu, "Tight and rigorous
// error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44(2), 2017, algorithm 6.
func addTo(hi, lo, h, l float64) (float64, float64) {
	s, e := twoSum(hi, h)
	if math.IsInf(s, 0) || math.IsNaN(s) {
		return s, 0 // there is no error term
	}
	t, f := twoSum(lo, l)
	s, e = fastTwoSum(s, e+t)
	return fastTwoSum(s, e+f)
}

// twoSum gives a + b and its rounding error, exactly.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

// fastTwoSum is twoSum for |a| >= |b|.
func fastTwoSum(a, b float64) (sum, err float64) {
	sum = a + b
	return sum, b - (sum - a)
}
