package kernels

import (
	"fmt"
	"math"
	"testing"
)

// TestDropoutGolden pins the mask: it is part of what a seed means.
func TestDropoutGolden(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		x := make([]float32, 64)
		Fill(1, x)
		Dropout(Drop{42, 7, 0.5}, x, x)
		var mask uint64
		for i, v := range x {
			if v != 0 {
				mask |= 1 << i
			}
		}
		if want := uint64(dropoutGolden); mask != want {
			t.Errorf("mask %#x, want %#x", mask, want)
		}
	})
}

const dropoutGolden = 0xa94e98a58de84b1d

func TestDropoutLengths(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for n := range 68 {
			for _, rate := range []float32{0, 0.2, 0.5, 0.999} {
				values := d.fill(make([]float32, n))
				if n > 3 {
					values[d.intn(n)] = float32(math.Inf(1))
					values[d.intn(n)] = float32(math.NaN())
				}
				drop, first := Drop{d.bits(), d.bits(), rate}, d.intn(100)
				var g guards
				y := g.output("y", n, d.intn(9))
				mask := drop.mask()
				dropout(&mask, first, g.input("x", values, d.intn(9)), y)
				g.intact(t, fmt.Sprintf("n=%d rate=%v", n, rate))
				want := make([]float32, n)
				dropoutGo(&mask, first, values, want)
				for i := range y {
					if math.Float32bits(y[i]) != math.Float32bits(want[i]) && y[i] == y[i] {
						t.Fatalf("n=%d rate=%v: element %d is %v, want %v", n, rate, i, y[i], want[i])
					}
				}
			}
		}
	})
}

// kept returns the mask of n elements as ±1.
func kept(seed, counter uint64, n int) []float64 {
	x := make([]float32, n)
	Fill(1, x)
	Dropout(Drop{seed, counter, 0.5}, x, x)
	s := make([]float64, n)
	for i, v := range x {
		s[i] = float64(v) - 1 // 2 or 0 less 1
	}
	return s
}

// TestDropoutIsRandom bounds the mean of masks, their correlation with themselves shifted, and that between streams with
// neighbouring seeds and counters, by five standard deviations.
func TestDropoutIsRandom(t *testing.T) {
	const n = 1 << 18
	limit := 5 * math.Sqrt(n)
	correlation := func(a, b []float64) float64 {
		var sum float64
		for i, v := range b {
			sum += v * a[i]
		}
		return sum
	}
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	first := kept(1, 1, n+128)
	for what, c := range map[string]float64{
		"mean":                 correlation(ones, first[:n]),
		"shift by 1":           correlation(first, first[1:n]),
		"shift by 2":           correlation(first, first[2:n]),
		"shift by 16":          correlation(first, first[16:n]),
		"shift by 128":         correlation(first, first[128:n]),
		"next counter":         correlation(first, kept(1, 2, n)),
		"next seed":            correlation(first, kept(2, 1, n)),
		"seed and counter":     correlation(first, kept(0, 2, n)),
		"mean of next counter": correlation(ones, kept(1, 2, n)),
	} {
		if math.Abs(c) > limit {
			t.Errorf("%s: sum %v of %d, want at most %v", what, c, n, limit)
		}
	}
}

func TestDropoutRate(t *testing.T) {
	const n = 1 << 18
	x := make([]float32, n)
	for _, rate := range []float32{0.01, 0.2, 0.25, 0.9} {
		Fill(1, x)
		Dropout(Drop{3, 4, rate}, x, x)
		var sum float64
		for _, v := range x {
			sum += float64(v)
		}
		// The mean stays 1; a kept element is 1/(1-rate).
		r := float64(rate)
		if limit := 5 * math.Sqrt(r/(1-r)/n); math.Abs(sum/n-1) > limit {
			t.Errorf("rate %v: mean %v, want 1 within %v", rate, sum/n, limit)
		}
	}
	for _, rate := range []float32{-0.1, 1, float32(math.NaN())} {
		if panics(func() { Dropout(Drop{1, 1, rate}, x, x) }) == nil {
			t.Errorf("rate %v was accepted", rate)
		}
	}
}
