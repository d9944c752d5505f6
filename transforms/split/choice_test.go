package split

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/transforms/permute"
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
			c := choose(t, p, seed, "key", n, r[0], r[1])
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

func choose(t interface {
	Helper()
	Fatal(...any)
}, p Proportions, seed uint64, key string, n, first, last int64,
) *choice {
	t.Helper()
	c, err := p.choose(context.Background(), seed, key, n, first, last)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// With replacement a range of rows gets the draws that hit it, one by one as the formula says.
func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Proportions{Train: rapid.Float64Range(0.01, 0.6).Draw(t, "train"), Test: 0.3, WithReplacement: true}
		n := rapid.OneOf(rapid.Int64Range(1, 40), rapid.Int64Range(1, 5000)).Draw(t, "rows")
		first := rapid.Int64Range(0, n).Draw(t, "first")
		last := rapid.Int64Range(first, n).Draw(t, "last")
		seed := rapid.Uint64().Draw(t, "seed")
		drawn, test := p.Count(n)
		want := map[int64]hits{}
		places := permute.New(drawn, seed, "split key")
		for i := range drawn {
			u := float64(permute.Number(permute.Seed(seed, "draw key"), i)>>11) / (1 << 53)
			at := int64(math.RoundToEven(u*float64(n-1)+1)) - 1
			h := want[at]
			if places.At(i) < test {
				h.test++
			} else {
				h.train++
			}
			want[at] = h
		}
		c := choose(t, p, seed, "key", n, first, last)
		for at := first; at < last; at++ {
			if got := c.of(at); got != want[at] {
				t.Fatalf("row %d of %d is drawn %+v, expected %+v", at, n, got, want[at])
			}
		}
	})
}

// A draw from more rows than anybody has is given up when it is cancelled.
func TestDrawIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := Proportions{Train: 0.5, Test: 0.5, WithReplacement: true}.choose(ctx, 1, "", 1<<50, 0, 1)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The same seed chooses the same rows in every version; groups and seeds choose differently.
func TestChooseSeeded(t *testing.T) {
	text := func(p Proportions, seed uint64, key string) string {
		c, out := choose(t, p, seed, key, 12, 0, 12), ""
		for at := range int64(12) {
			h := c.of(at)
			out += fmt.Sprintf("%d%d ", h.train, h.test)
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
		counts[drawRow(number(9, i), n)]++
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
		if got := drawRow(uint64(u*numbers), n); got != want {
			t.Errorf("%v draws row %d, want %d", u, got, want)
		}
	}
	if got := drawRow(7*numbers/10, 1); got != 0 {
		t.Errorf("of one row, row %d is drawn", got)
	}
}
