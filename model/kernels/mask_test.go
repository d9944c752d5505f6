package kernels

import (
	"math"
	"slices"
	"testing"
)

func TestMask(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{2, 2, 2, 0, nan, 2}
	mask := make([]float32, 3)
	Mask(3, 2, 2, x, mask)
	if want := []float32{0, 1, 1}; !slices.Equal(mask, want) {
		t.Errorf("mask %v, want %v", mask, want)
	}
	y := make([]float32, 6)
	MaskRows(3, 2, []float32{nan, 1, 2, 3, 4, 5}, mask, y)
	if want := []float32{0, 0, 2, 3, 4, 5}; !slices.Equal(y, want) {
		t.Errorf("masked rows %v, want %v", y, want)
	}
}

func TestMaskedMean(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		x := []float32{1, 2, 9, 9, 3, 4 /* */, 5, 6, 7, 8, 9, 9 /* */, 1, 1, 1, 1, 1, 1}
		mask := []float32{1, 0, 1 /* */, 1, 1, 0 /* */, 0, 0, 0}
		y := make([]float32, 6)
		MaskedMean(3, 3, 2, x, mask, y)
		if want := []float32{2, 3, 6, 7}; !slices.Equal(y[:4], want) || y[4] == y[4] {
			t.Errorf("means %v, want %v and NaN", y, want)
		}
		dx := make([]float32, 18)
		MaskedMeanGrad(3, 3, 2, []float32{2, 4, 6, 8, 1, 1}, mask, dx)
		if want := []float32{1, 2, 0, 0, 1, 2, 3, 4, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(dx, want) {
			t.Errorf("gradients %v, want %v", dx, want)
		}
	})
}

func TestReverse(t *testing.T) {
	y := make([]float32, 6)
	Reverse(3, 2, []float32{1, 2, 3, 4, 5, 6}, y)
	if want := []float32{5, 6, 3, 4, 1, 2}; !slices.Equal(y, want) {
		t.Errorf("reversed %v, want %v", y, want)
	}
}
