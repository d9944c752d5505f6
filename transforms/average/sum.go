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

// Add adds v and returns the sum, which may reuse the memory of s.
func (s Sum) Add(v Vector) (Sum, error) {
	if v.Rows == 0 {
		return s, nil
	}
	rows := float64(v.Rows)
	if s.Hi == nil {
		s = Sum{Rows: v.Rows, Hi: make([]float64, len(v.Values)), Lo: make([]float64, len(v.Values)), Offset: v.Offset, Total: v.Total}
		for i, w := range v.Values {
			s.Hi[i] = rows * float64(w)
		}
		return s, nil
	}
	if len(v.Values) != len(s.Hi) {
		return s, fmt.Errorf("average: a vector of %d weights in a sum of %d", len(v.Values), len(s.Hi))
	}
	for i, w := range v.Values {
		s.Hi[i], s.Lo[i] = addTo(s.Hi[i], s.Lo[i], rows*float64(w), 0)
	}
	s.Rows += v.Rows
	return s, nil
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

// Mean is the sum divided by its rows.
func (s Sum) Mean() (Vector, error) {
	if s.Rows == 0 {
		return Vector{}, fmt.Errorf("average: no shard has rows")
	}
	v := Vector{Rows: s.Rows, Values: make([]float32, len(s.Hi)), Offset: s.Offset, Total: s.Total}
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
