package permute

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestBijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 3000).Draw(t, "n")
		p := New(n, rapid.Uint64().Draw(t, "seed"), "test")
		seen := make([]bool, n)
		for i := range n {
			at := p.At(i)
			if at < 0 || at >= n || seen[at] {
				t.Fatalf("number %d goes to %d", i, at)
			}
			seen[at] = true
		}
	})
}

// A sequence gives what the permutation does, wherever it begins and goes on.
func TestSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(1, 3000), rapid.Int64Range(1, math.MaxInt64)).Draw(t, "n")
		p := New(n, rapid.Uint64().Draw(t, "seed"), "test")
		s := p.Sequence()
		for range rapid.IntRange(1, 3).Draw(t, "stretches") {
			first := rapid.Int64Range(0, n-1).Draw(t, "first")
			for i := first; i < min(n, first+300) && i >= 0; i++ {
				if got, want := s.At(i), p.At(i); got != want {
					t.Fatalf("of %d: number %d goes to %d in a sequence, else to %d", n, i, got, want)
				}
			}
		}
	})
}

// Numbers beyond any table still stay in range and apart.
func TestLarge(t *testing.T) {
	for _, n := range []int64{1<<33 + 1, 1<<40 - 1, 1<<62 - 1, math.MaxInt64} {
		p := New(n, 1, "test")
		seen := map[int64]bool{}
		for _, i := range []int64{0, 1, 2, n / 2, n - 2, n - 1} {
			at := p.At(i)
			if at < 0 || at >= n || seen[at] {
				t.Errorf("of %d: number %d goes to %d", n, i, at)
			}
			seen[at] = true
		}
	}
}

func TestSame(t *testing.T) {
	got := fmt.Sprint(walk(New(10, 42, "a")))
	if want := "[8 0 6 3 2 5 1 9 4 7]"; got != want {
		t.Errorf("the permutation of seed 42 is %s, it was %s: results of earlier versions cannot be repeated", got, want)
	}
	if other := fmt.Sprint(walk(New(10, 43, "a"))); other == got {
		t.Error("seeds 42 and 43 give the same permutation")
	}
	if other := fmt.Sprint(walk(New(10, 42, "b"))); other == got {
		t.Error("purposes a and b give the same permutation")
	}
}

func walk(p *Permutation) []int64 {
	out := make([]int64, p.n)
	for i := range out {
		out[i] = p.At(int64(i))
	}
	return out
}

// Every number must go everywhere equally often, and so must pairs of neighbours: chi-square over many seeds.
func TestSpread(t *testing.T) {
	const seeds = 20000
	for _, n := range []int64{2, 3, 7, 10} {
		for i := range n {
			counts := make([]float64, n)
			for seed := range uint64(seeds) {
				counts[New(n, seed, "test").At(i)]++
			}
			check(t, fmt.Sprintf("n %d, number %d", n, i), counts, seeds)
		}
		pairs := make([]float64, n*n)
		for seed := range uint64(seeds) {
			p := New(n, seed, "test")
			pairs[p.At(0)*n+p.At(1)]++
		}
		var different []float64
		for k, c := range pairs {
			if int64(k)/n != int64(k)%n {
				different = append(different, c)
			}
		}
		check(t, fmt.Sprintf("n %d, first pair", n), different, seeds)
	}
}

// check compares counts with equal ones; the bound is five standard deviations of chi-square above its mean.
func check(t *testing.T, what string, counts []float64, total float64) {
	t.Helper()
	freedom, chi := float64(len(counts)-1), 0.0
	expected := total / float64(len(counts))
	for _, c := range counts {
		chi += (c - expected) * (c - expected) / expected
	}
	if limit := freedom + 5*math.Sqrt(2*max(freedom, 1)); chi > limit && freedom > 0 {
		t.Errorf("%s: chi-square %.1f over %.1f with counts %v", what, chi, limit, counts)
	}
}

// A buffer of a sorted table must hold rows from all over it.
func TestMixes(t *testing.T) {
	const n, size = 60000, 600
	p := New(n, 5, "test")
	first := make([]float64, 10) // rows of the first buffer by tenth of the table
	for i := range int64(n) {
		if p.At(i) < size {
			first[i/(n/10)]++
		}
	}
	check(t, "first buffer", first, size)
}

func BenchmarkAt(b *testing.B) {
	for _, n := range []int64{150, 60000, 500000, 1 << 30} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := New(n, 1, "test")
			for i := range b.N {
				p.At(int64(i) % n)
			}
		})
		b.Run(fmt.Sprint(n, " in order"), func(b *testing.B) {
			s := New(n, 1, "test").Sequence()
			for i := range b.N {
				s.At(int64(i) % n)
			}
		})
	}
}
