package features

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawn are finite numbers of all sizes.
func drawn(t *rapid.T) []float64 {
	one := rapid.OneOf(
		rapid.Float64Range(-1e3, 1e3),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 1, -1, 1 << 53}),
		rapid.Custom(func(t *rapid.T) float64 {
			x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
			if x-x != 0 {
				return 1
			}
			return x
		}))
	return rapid.SliceOf(one).Draw(t, "numbers")
}

// A sum, and one of squares, is that of rational arithmetic, however the numbers are parted and merged.
func TestExactSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := drawn(t)
		sums := make([]struct{ sum, squares exactSum }, rapid.IntRange(1, 5).Draw(t, "parts"))
		wantSum, wantSquares := new(big.Rat), new(big.Rat)
		for i, x := range numbers {
			p := &sums[(i*7)%len(sums)]
			p.sum.add(x)
			p.squares.addSquare(x)
			r := new(big.Rat).SetFloat64(x)
			wantSum.Add(wantSum, r)
			wantSquares.Add(wantSquares, r.Mul(r, r))
		}
		for len(sums) > 1 {
			k := rapid.IntRange(0, len(sums)-2).Draw(t, "merged")
			sums[k].sum.merge(sums[k+1].sum)
			sums[k].squares.merge(sums[k+1].squares)
			sums = append(sums[:k+1], sums[k+2:]...)
		}
		if got := sums[0].sum.value(); got.Cmp(wantSum) != 0 {
			t.Fatalf("sum %v, want %v", got, wantSum)
		}
		if got := sums[0].squares.value(); got.Cmp(wantSquares) != 0 {
			t.Fatalf("squares %v, want %v", got, wantSquares)
		}
	})
}

// Digits are carried before they overflow, in sums of either sign, and merging does not lengthen a sum for ever.
func TestExactSumCarries(t *testing.T) {
	for _, x := range []float64{math.MaxFloat64, -math.MaxFloat64, -1.5} {
		var s exactSum
		n := int64(0)
		for range 40 {
			s.add(x)
			s.Adds = maxAdds // as if that many had been added
			n++
		}
		want := new(big.Rat).SetFloat64(x)
		if want.Mul(want, new(big.Rat).SetInt64(n)); s.value().Cmp(want) != 0 {
			t.Errorf("%v times %d: %v", x, n, s.value())
		}
		length := len(s.Digits)
		for range 100 {
			s.merge(exactSum{})
			s.merge(exactSum{Digits: []int64{0}, Low: s.Low})
		}
		if len(s.Digits) > length+1 || s.value().Cmp(want) != 0 {
			t.Errorf("%v: %d digits became %d", x, length, len(s.Digits))
		}
	}
}

func BenchmarkExactSum(b *testing.B) {
	x := make([]float64, 1024)
	for i := range x {
		x[i] = rand.NormFloat64()
	}
	var s, q exactSum
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.add(x[i&1023])
		q.addSquare(x[i&1023])
	}
}
