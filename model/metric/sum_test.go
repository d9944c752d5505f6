package metric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestSumIsExact compares with arbitrary precision over the whole range of float64.
func TestSumIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64(), 0, 50).Draw(t, "values")
		var s Sum
		exact := new(big.Float).SetPrec(2300)
		for _, v := range values {
			s.Add(v)
			exact.Add(exact, new(big.Float).SetPrec(2300).SetFloat64(v))
		}
		want, _ := exact.Float64()
		if got := s.Float64(); got != want {
			t.Fatalf("sum of %v is %v, want %v", values, got, want)
		}
	})
}

// TestSumOrder: shuffled and divided in any way, the same numbers give the same bytes.
func TestSumOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]float64, 1000)
	for i := range values {
		values[i] = rng.NormFloat64() * math.Pow(10, float64(rng.IntN(600)-300))
	}
	var whole Sum
	for _, v := range values {
		whole.Add(v)
	}
	for range 20 {
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		parts := make([]Sum, 7)
		for i, v := range values {
			parts[(i*i)%7].Add(v)
		}
		var merged Sum
		for _, p := range parts {
			merged.Merge(&p)
		}
		if merged != whole {
			t.Fatal("the sum depends on the order")
		}
	}
}

func TestSumSpecials(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	tests := []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{-1.5, 1.5}, 0},
		{[]float64{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64}, math.MaxFloat64},
		{[]float64{math.SmallestNonzeroFloat64}, math.SmallestNonzeroFloat64},
		{[]float64{-math.SmallestNonzeroFloat64, 0}, -math.SmallestNonzeroFloat64},
		{[]float64{inf, 1}, math.Inf(1)},
		{[]float64{-inf, 1}, math.Inf(-1)},
		{[]float64{inf, -inf}, math.NaN()},
		{[]float64{nan, inf}, math.NaN()},
	}
	for _, tt := range tests {
		var s, back Sum
		for _, v := range tt.values {
			s.Add(v)
		}
		if got := s.Float64(); got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("sum of %v is %v, want %v", tt.values, got, tt.want)
		}
		b, err := s.AppendBinary(nil)
		if err != nil || len(b) != sumBytes {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		if err := back.UnmarshalBinary(b); err != nil || back != s {
			t.Errorf("sum of %v changed on its way through bytes: %v", tt.values, err)
		}
	}
	if err := new(Sum).UnmarshalBinary(make([]byte, sumBytes-1)); err == nil {
		t.Error("short bytes were read")
	}
}

func TestMean(t *testing.T) {
	var a, b, whole Mean
	if a.Value() != 0 {
		t.Errorf("mean of nothing is %v", a.Value())
	}
	a.Add([]float32{1, 2, 4})
	b.Add([]float32{0.5})
	whole.Add([]float32{0.5, 4, 1, 2})
	a.Merge(&b)
	if a != whole || a.Value() != 1.875 || a.Rows() != 4 {
		t.Errorf("merged mean %v of %d rows, want 1.875 of 4", a.Value(), a.Rows())
	}
	bytes, _ := a.AppendBinary(nil)
	if err := b.UnmarshalBinary(bytes); err != nil || b != a {
		t.Errorf("mean changed on its way through bytes: %v", err)
	}
	if err := b.UnmarshalBinary(bytes[1:]); err == nil {
		t.Error("short bytes were read")
	}
}

func BenchmarkSumAdd(b *testing.B) {
	values := make([]float32, 1024)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range values {
		values[i] = rng.Float32()
	}
	var m Mean
	b.SetBytes(4 * 1024)
	for b.Loop() {
		m.Add(values)
	}
}
