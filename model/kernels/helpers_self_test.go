package kernels

import (
	"math"
	"strings"
	"testing"
)

// The tests of the test helpers: each must be able to fail.

func TestWithin(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		got         float32
		want, bound float64
		ok          bool
	}{
		{1, 1, 0, true},
		{1 + 1.0/(1<<23), 1, eps, false},
		{1 + 1.0/(1<<23), 1, 2 * eps, true},
		{float32(nan), nan, 0, true},
		{float32(nan), 1, 1e9, false},
		{1, nan, 1e9, false},
		{float32(inf), inf, 0, true},
		{float32(-inf), inf, inf, false},
		{math.MaxFloat32, inf, 1e39, false},
		{float32(inf), 1e39, 1e30, true},
		{float32(-inf), 1e39, 1e30, false},
		{float32(inf), 1e38, 1e30, false},
		{0, 0, 0, true},
	} {
		if got := within(c.got, c.want, c.bound); got != c.ok {
			t.Errorf("within(%v, %v, %v) = %v", c.got, c.want, c.bound, got)
		}
	}
}

func TestUlps(t *testing.T) {
	for _, c := range []struct {
		got  float32
		want float64
		ulps float64
	}{
		{1, 1, 0},
		{1 + 0x1p-23, 1, 1},
		{1 - 0x1p-24, 1, 0.5},
		{1, 1 + 0x1p-25, 0}, // correctly rounded
		{1 + 0x1p-23, 1 + 0x1p-25, 0.75},
		{2, 2 - 0x1p-22, 2}, // in the binade of want
		{0x1p-149, 0, 1},
		{3 * 0x1p-149, 0x1p-149, 2},
		{float32(math.NaN()), math.NaN(), 0},
		{float32(math.NaN()), 1, math.Inf(1)},
		{float32(math.Inf(1)), math.Inf(1), 0},
		{float32(math.Inf(1)), 1e300, 0},
		{math.MaxFloat32, math.Inf(1), math.Inf(1)},
		{float32(math.Inf(1)), 1, math.Inf(1)},
	} {
		if got := ulps(c.got, c.want); got != c.ulps {
			t.Errorf("ulps(%v, %v) = %v, want %v", c.got, c.want, got, c.ulps)
		}
	}
}

func TestGuards(t *testing.T) {
	for _, c := range []struct {
		name   string
		write  func(whole []float32, from int)
		damage string
	}{
		{"nothing", func([]float32, int) {}, ""},
		{"output", func(w []float32, from int) { w[from], w[from+4] = 1, 2 }, ""},
		{"before", func(w []float32, from int) { w[from-1] = 0 }, "out[-1] of 5"},
		{"after", func(w []float32, from int) { w[from+5] = 0 }, "out[5] of 5"},
		{"far after", func(w []float32, from int) { w[len(w)-1] = 0 }, "out[44] of 5"},
		{"other NaN", func(w []float32, from int) { w[0] = float32(math.NaN()) }, "out[-43] of 5"},
	} {
		var g guards
		g.output("out", 5, 3)
		s := g.slices[0]
		c.write(s.whole, s.from)
		if got := g.damage(); !strings.HasPrefix(got, c.damage) || (got == "") != (c.damage == "") {
			t.Errorf("%s: damage %q, want %q", c.name, got, c.damage)
		}
	}
	var g guards
	x := g.input("in", []float32{1, 0}, 0)
	if d := g.damage(); d != "" {
		t.Errorf("untouched input: %s", d)
	}
	x[1] = float32(math.Copysign(0, -1))
	if d := g.damage(); !strings.HasPrefix(d, "in[1]") {
		t.Errorf("changed input: damage %q", d)
	}
}

func TestDraw(t *testing.T) {
	var d draw
	var sum, squares float64
	const n = 1 << 16
	for range n {
		v := float64(d.float())
		if v < -1 || v >= 1 {
			t.Fatalf("value %v outside [-1, 1)", v)
		}
		sum += v
		squares += v * v
	}
	if mean, variance := sum/n, squares/n; math.Abs(mean) > 0.01 || math.Abs(variance-1.0/3) > 0.01 {
		t.Errorf("mean %v, variance %v, want 0 and 1/3", mean, variance)
	}
	a, b := draw(1), draw(2)
	if a.float() == b.float() {
		t.Error("two seeds give the same value")
	}
}
