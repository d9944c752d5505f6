package split

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The rows that are chosen add up to the counts, however the group is cut into ranges.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Proportions{
			Train: rapid.Float64Range(0.01, 0.6).Draw(t, "train"), Test: rapid.Float64Range(0.01, 0.4).Draw(t, "test"),
			Strata: rapid.Bool().Draw(t, "strata"), WithReplacement: rapid.Bool().Draw(t, "with replacement"),
		}
		n := rapid.Int64Range(1, 200).Draw(t, "rows")
		cut := rapid.Int64Range(0, n).Draw(t, "cut")
		seed := rapid.Uint64().Draw(t, "seed")
		var train, test int64
		for _, r := range [][2]int64{{0, cut}, {cut, n}} {
			c := p.choose(seed, "key", n, r[0], r[1])
			for at := r[0]; at < r[1]; at++ {
				h := c.of(at)
				if !p.WithReplacement && h.train+h.test > 1 {
					t.Fatalf("row %d is chosen %+v", at, h)
				}
				train, test = train+h.train, test+h.test
			}
		}
		drawn, wantTest := p.Count(n)
		if train != drawn-wantTest || test != wantTest {
			t.Fatalf("chose %d and %d rows, want %d and %d", train, test, drawn-wantTest, wantTest)
		}
	})
}

// The same seed chooses the same rows in every version; groups and seeds choose differently.
func TestChooseSeeded(t *testing.T) {
	text := func(p Proportions, seed uint64, key string) string {
		c, out := p.choose(seed, key, 12, 0, 12), ""
		for at := range int64(12) {
			out += fmt.Sprintf("%d%d ", c.of(at).train, c.of(at).test)
		}
		return out
	}
	p := Proportions{Train: 0.5, Test: 0.25}
	r := Proportions{Train: 0.5, Test: 0.25, WithReplacement: true}
	for _, c := range []struct{ got, want string }{
		{text(p, 1, "a"), "10 01 00 10 00 01 10 01 10 10 10 00 "},
		{text(r, 1, "a"), "00 10 00 20 00 01 10 00 12 00 00 10 "},
	} {
		if c.got != c.want {
			t.Errorf("chose %s, it was %s: results of earlier versions cannot be repeated", c.got, c.want)
		}
	}
	if text(p, 1, "a") == text(p, 2, "a") || text(p, 1, "a") == text(p, 1, "b") {
		t.Error("another seed or group chooses the same rows")
	}
}

// Every draw is independent and hits the ends half as often as the middle.
func TestDrawDistribution(t *testing.T) {
	const n, draws = 5, 80000
	counts := make([]float64, n)
	for i := range int64(draws) {
		counts[drawRow(uniform(9, i), n)]++
	}
	for i, c := range counts {
		want := draws / 4.0
		if i == 0 || i == n-1 {
			want /= 2
		}
		if math.Abs(c-want) > 5*math.Sqrt(want) {
			t.Errorf("row %d was drawn %v times, want about %v", i, c, want)
		}
	}
	for u, want := range map[float64]int64{0: 0, 0.124: 0, 0.126: 1, 0.874: 3, 0.876: 4, 1 - 1e-16: 4} {
		if got := drawRow(u, n); got != want {
			t.Errorf("%v draws row %d, want %d", u, got, want)
		}
	}
	if got := drawRow(0.7, 1); got != 0 {
		t.Errorf("of one row, row %d is drawn", got)
	}
}
