package kernels

import (
	"math"
	"slices"
	"testing"
)

// sameFloats compares exactly, NaN with NaN included.
func sameFloats(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b float32) bool { return a == b || a != a && b != b }) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestRampEdges: at the threshold the slope is the negative one, at the maximum it is 0.
func TestRampEdges(t *testing.T) {
	nan := float32(math.NaN())
	r := Ramp{Max: 2, Slope: 0.5, Threshold: 1}
	x := []float32{-1, 1, 1.5, 2, 3, nan}
	y, dx := make([]float32, len(x)), make([]float32, len(x))
	r.Apply(x, y)
	sameFloats(t, "y", y, []float32{-1, 0, 1.5, 2, 2, nan})
	r.Grad(x, []float32{1, 1, 1, 1, 1, 1}, dx)
	sameFloats(t, "dx", dx, []float32{0.5, 0.5, 1, 0, 0, 1})
	Ramp{Max: float32(math.Inf(1))}.Apply([]float32{1e30, -1, 0, 0, 0, 0}, y)
	sameFloats(t, "no maximum", y[:2], []float32{1e30, 0})
}

// TestEmbedOutside: a number that names no row gives NaN and gets no gradient; fractions are cut off.
func TestEmbedOutside(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{1.9, -0.5, 2, -1, nan, float32(math.Inf(1)), 1}
	table, y := []float32{1, 2, 3, 4}, make([]float32, 14)
	Embed(2, 2, x, table, y)
	sameFloats(t, "rows", y, []float32{3, 4, 1, 2, nan, nan, nan, nan, nan, nan, nan, nan, 3, 4})
	dy, dtable := make([]float32, 14), make([]float32, 4)
	Fill(1, dy)
	EmbedGrad(2, 2, x, dy, dtable)
	sameFloats(t, "gradient", dtable, []float32{1, 1, 2, 2})
}

// TestUnitOfZero: a row of zeros stays one.
func TestUnitOfZero(t *testing.T) {
	y, factor := make([]float32, 4), make([]float32, 2)
	Unit(2, 2, 1e-12, []float32{0, 0, 3, 4}, y, factor)
	sameFloats(t, "y", y, []float32{0, 0, 0.6, 0.8})
}

// TestNoiseStatistics: mean, deviation and tails of 100,000 numbers lie within five standard deviations of the normal
// distribution's, and streams, steps and seeds are independent.
func TestNoiseStatistics(t *testing.T) {
	const n = 100000
	zeros := make([]float32, n)
	draw := func(seed, counter uint64) []float32 {
		y := make([]float32, n)
		AddNoise(seed, counter, 2, zeros, y)
		return y
	}
	base := draw(1, 2)
	var mean, square, outside float64
	for _, v := range base {
		x := float64(v) / 2
		mean += x / n
		square += x * x / n
		if math.Abs(x) > 1.959964 {
			outside += 1.0 / n
		}
	}
	if math.Abs(mean) > 5/math.Sqrt(n) || math.Abs(square-1) > 5*math.Sqrt(2.0/n) || math.Abs(outside-0.05) > 5*math.Sqrt(0.05*0.95/n) {
		t.Errorf("mean %v, variance %v, %v outside of two deviations", mean, square, outside)
	}
	for name, other := range map[string][]float32{"seed": draw(2, 2), "step": draw(1, 3), "next": append(slices.Clone(base[1:]), 0)} {
		if r := dot64(base, other) / 4 / n; math.Abs(r) > 5/math.Sqrt(n) {
			t.Errorf("another %s correlates by %v", name, r)
		}
	}
	if !slices.Equal(base, draw(1, 2)) {
		t.Error("the same step draws other numbers")
	}
	ones, y := make([]float32, n), make([]float32, n)
	Fill(1, ones)
	MultiplyNoise(1, 2, 2, ones, y)
	AddNoise(1, 2, 2, ones, zeros)
	sameFloats(t, "multiplied ones", y, zeros)
}

// TestUniformStatistics: mean and variance of 100,000 numbers lie within five standard deviations of the even distribution's, all are in the
// range, and streams, steps and seeds are independent.
func TestUniformStatistics(t *testing.T) {
	const n = 100000
	draw := func(seed, counter uint64) []float32 {
		y := make([]float32, n)
		Uniform(seed, counter, 2, 6, y)
		for i := range y {
			if y[i] < 2 || y[i] > 6 {
				t.Fatalf("number %d is %v", i, y[i])
			}
			y[i] = y[i]/2 - 2 // from -1 to 1
		}
		return y
	}
	base := draw(1, 2)
	var mean, square float64
	for _, v := range base {
		mean += float64(v) / n
		square += float64(v) * float64(v) / n
	}
	if math.Abs(mean) > 5*math.Sqrt(1.0/3/n) || math.Abs(square-1.0/3) > 5*math.Sqrt(4.0/45/n) {
		t.Errorf("mean %v, mean square %v", mean, square)
	}
	for name, other := range map[string][]float32{"seed": draw(2, 2), "step": draw(1, 3), "next": append(slices.Clone(base[1:]), 0)} {
		if r := dot64(base, other) * 3 / n; math.Abs(r) > 5/math.Sqrt(n) {
			t.Errorf("another %s correlates by %v", name, r)
		}
	}
}
