package average

import (
	"math"

	"github.com/beamfit/beamfit/model/keras"
)

// A Layout says in which pieces vectors travel, and which of their values are moments that are pooled. It is a value of DoFns. The zero
// value: whole, and every value is averaged.
type Layout struct {
	// Piece is the most values of a piece; 0: all. A piece that would part moments which are pooled is longer.
	Piece int `json:",omitempty"`
	// OneByOne is how many vectors a mean is of, where they come to who makes it one by one; 0: in a group (oneByOneFn).
	OneByOne int `json:",omitempty"`
	// Pooled are the moments that are pooled, in the order of their places.
	Pooled []Moments `json:",omitempty"`
}

// Moments are Len means from one place on, and as many variances of the same from another one on.
type Moments struct{ Mean, Variance, Len int }

// first and end are where the moments begin and end.
func (m Moments) first() int { return min(m.Mean, m.Variance) }
func (m Moments) end() int   { return max(m.Mean, m.Variance) + m.Len }

// MovingMoments are the moving statistics of a model's batch normalisations, but for those that training does not change.
func MovingMoments(spec *keras.Spec) []Moments {
	var all []Moments
	for _, l := range spec.Layers {
		m := Moments{Mean: -1, Variance: -1}
		for _, w := range l.Weights {
			switch w.Name {
			case "moving_mean":
				m.Mean, m.Len = w.Offset, w.Size()
			case "moving_variance":
				m.Variance = w.Offset
			}
		}
		if l.Trainable && m.Mean >= 0 && m.Variance >= 0 {
			all = append(all, m)
		}
	}
	return all
}

// Emit gives on the pieces of a vector.
func (l Layout) Emit(v Vector, emit func(Vector)) {
	for _, piece := range l.Cut(v) {
		emit(piece)
	}
}

// Cut cuts a vector into pieces, or one, itself.
//
// An engine keeps all shards' vectors of one key in memory to average them, on one worker, and some take no element that is larger than
// a part of their memory. So vectors travel there in pieces, which are averaged by their places, on all workers.
func (l Layout) Cut(v Vector) []Vector {
	n := len(v.Values)
	if l.Piece <= 0 || n <= l.Piece {
		return []Vector{v}
	}
	var pieces []Vector
	for from := 0; from < n; {
		to := l.end(from, min(from+l.Piece, n))
		if from == 0 && to == n {
			return []Vector{v}
		}
		pieces = append(pieces, Vector{Rows: v.Rows, Values: v.Values[from:to], Offset: from, Total: n})
		from = to
	}
	return pieces
}

// end is where a piece ends that should end at a place: before the moments that it would part, or behind them where it begins with them.
func (l Layout) end(from, to int) int {
	for _, m := range l.Pooled {
		switch {
		case m.first() >= to || m.end() <= to:
		case m.first() > from:
			return m.first()
		default:
			return m.end()
		}
	}
	return to
}

// within are the moments that lie in a piece of n values from an offset on, by their places there. No piece has a part of some.
func (l Layout) within(offset, n int) []Moments {
	var in []Moments
	for _, m := range l.Pooled {
		if m.first() >= offset && m.end() <= offset+n {
			in = append(in, Moments{m.Mean - offset, m.Variance - offset, m.Len})
		}
	}
	return in
}

// addSquares adds to the sums of variances those of the squares of their means, so that they are sums of second moments about 0:
// rows·(variance + mean²). A square of a float32 is exact, and its product with the rows is so as a pair.
func (s Sum) addSquares(v Vector, moments []Moments) {
	rows := float64(v.Rows)
	for _, m := range moments {
		for i, x := range v.Values[m.Mean:][:m.Len] {
			p, e := product(rows, float64(x)*float64(x))
			k := m.Variance + i
			s.Hi[k], s.Lo[k] = addTo(s.Hi[k], s.Lo[k], p, e)
		}
	}
}

// variance is that of all rows together, of the sums of their values' means and second moments: (n·Σrows·(var + mean²) - (Σrows·mean)²)/n².
func (s Sum) variance(mean, second int) float32 {
	n := float64(s.Rows)
	ah, al := product(n, s.Hi[second])
	ah, al = fastTwoSum(ah, al+n*s.Lo[second])
	bh, bl := product(s.Hi[mean], s.Hi[mean])
	bh, bl = fastTwoSum(bh, bl+2*s.Hi[mean]*s.Lo[mean])
	h, l := addTo(ah, al, -bh, -bl)
	switch v := float32((h + l) / (n * n)); {
	case v != v:
		return float32(math.NaN())
	default:
		return max(v, 0) // rounding must not make a variance negative
	}
}

// product is a·b and its rounding error, exactly.
func product(a, b float64) (p, err float64) {
	p = a * b
	return p, math.FMA(a, b, -p)
}
