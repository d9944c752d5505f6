package kernels

import (
	"math"
	"slices"
	"testing"
)

func TestAffine(t *testing.T) {
	x := []float32{1, -2, 0}
	Affine(3, 0.5, x, x)
	if want := []float32{3.5, -5.5, 0.5}; !slices.Equal(x, want) {
		t.Errorf("Affine = %v, want %v", x, want)
	}
}

func TestExtremum(t *testing.T) {
	nan := float32(math.NaN())
	x, y := []float32{1, 5, 3, nan, 1}, []float32{2, 4, 3, 1, nan}
	dz := []float32{10, 20, 30, 40, 50}
	for _, c := range []struct {
		smallest, second bool
		z, grad          []float32
	}{
		{false, false, []float32{2, 5, 3, nan, nan}, []float32{0, 20, 30}},
		{false, true, []float32{2, 5, 3, nan, nan}, []float32{10, 0, 0}},
		{true, false, []float32{1, 4, 3, nan, nan}, []float32{10, 0, 30}},
		{true, true, []float32{1, 4, 3, nan, nan}, []float32{0, 20, 0}},
	} {
		z, grad := make([]float32, 5), make([]float32, 5)
		Extremum(c.smallest, x, y, z)
		ExtremumGrad(c.smallest, c.second, x, y, dz, grad)
		if !slices.Equal(z[:3], c.z[:3]) || z[3] == z[3] || z[4] == z[4] {
			t.Errorf("Extremum(%v) = %v, want %v", c.smallest, z, c.z)
		}
		if !slices.Equal(grad[:3], c.grad) {
			t.Errorf("ExtremumGrad(%v, %v) = %v, want %v", c.smallest, c.second, grad[:3], c.grad)
		}
	}
}

func TestConcat(t *testing.T) {
	a, b := []float32{1, 2, 3, 4}, []float32{5, 6}
	widths := []int{2, 1}
	y := make([]float32, 6)
	Concat(2, widths, [][]float32{a, b}, y)
	if want := []float32{1, 2, 5, 3, 4, 6}; !slices.Equal(y, want) {
		t.Fatalf("Concat = %v, want %v", y, want)
	}
	for part, want := range [][]float32{a, b} {
		dx := make([]float32, len(want))
		ConcatGrad(2, widths, part, y, dx)
		if !slices.Equal(dx, want) {
			t.Errorf("ConcatGrad of part %d = %v, want %v", part, dx, want)
		}
	}
}
