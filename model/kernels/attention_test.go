package kernels

import (
	"math"
	"slices"
	"testing"
)

// TestMaskedSoftmax: of columns that do not count nothing is seen, whatever they hold; a row without any is even, or 0.
func TestMaskedSoftmax(t *testing.T) {
	s := &MaskedSoftmaxShape{Batch: 1, Heads: 2, Queries: 2, N: 3}
	x := []float32{1, 1e30, 1, 5, 6, 7, 2, -1e30, 2, 0, 0, 0}
	mask := []float32{1, 0, 1, 0, 0, 0}
	y := make([]float32, len(x))
	MaskedSoftmax(s, x, mask, y)
	const third = float32(1) / 3
	if want := []float32{0.5, 0, 0.5, third, third, third, 0.5, 0, 0.5, third, third, third}; !slices.Equal(y, want) {
		t.Errorf("softmax is %v, want %v", y, want)
	}
	dx := make([]float32, len(x))
	MaskedSoftmaxGrad(s, y, []float32{1, 2, 3, 4, 5, 6, 3, 2, 1, 0, 0, 1}, mask, dx)
	if want := []float32{-0.5, 0, 0.5, 0, 0, 0, 0.5, 0, -0.5, 0, 0, 0}; !slices.Equal(dx, want) {
		t.Errorf("gradient is %v, want %v", dx, want)
	}

	s.EmptyIsZero = true
	MaskedSoftmax(s, x, mask, y)
	if want := []float32{0.5, 0, 0.5, 0, 0, 0, 0.5, 0, 0.5, 0, 0, 0}; !slices.Equal(y, want) {
		t.Errorf("softmax is %v, want %v", y, want)
	}

	s = &MaskedSoftmaxShape{Batch: 1, Heads: 1, Queries: 2, N: 2, Causal: true}
	y = y[:4]
	MaskedSoftmax(s, []float32{1, 1, 1, 1}, []float32{1, 1, 1, 1}, y)
	if want := []float32{1, 0, 0.5, 0.5}; !slices.Equal(y, want) {
		t.Errorf("causal softmax is %v, want %v", y, want)
	}
}

func TestCausalSoftmax(t *testing.T) {
	x := []float32{3, 9, 9, 1, 1, 9, 2, 2, 2, 7, 7, 7}
	CausalSoftmax(1, 4, 3, x, x) // more queries than keys
	const third = float32(1) / 3
	want := []float32{1, 0, 0, 0.5, 0.5, 0, third, third, third, third, third, third}
	for i := range want {
		if d := x[i] - want[i]; d > 1e-6 || d < -1e-6 {
			t.Errorf("softmax is %v, want %v", x, want)
			break
		}
	}
}

// TestGlobalMaxTies: the pixels that are the maximum share its gradient.
func TestGlobalMaxTies(t *testing.T) {
	x := []float32{1, 5, 4, 5, 4, 0, 4, 5} // one image of four pixels with two channels
	y, dx, ws := make([]float32, 2), make([]float32, 8), make([]float32, 2)
	GlobalMax(1, 4, 2, x, y)
	if want := []float32{4, 5}; !slices.Equal(y, want) {
		t.Errorf("maxima are %v, want %v", y, want)
	}
	GlobalMaxGrad(1, 4, 2, x, y, []float32{3, 6}, dx, ws)
	if want := []float32{0, 2, 1, 2, 1, 0, 1, 2}; !slices.Equal(dx, want) {
		t.Errorf("gradient is %v, want %v", dx, want)
	}
}

// TestSparsemax has equal elements, which Keras sorts in their own order.
func TestSparsemax(t *testing.T) {
	x := []float32{0.5, 0.5, -3}
	y, dx := make([]float32, 3), make([]float32, 3)
	Sparsemax(1, 3, x, y)
	// both 0.5 are in the support: τ = ((0.5 + 1) - 1)/2
	if want := []float32{0.25, 0.25, 0}; !slices.Equal(y, want) {
		t.Errorf("sparsemax is %v, want %v", y, want)
	}
	SparsemaxGrad(1, 3, x, []float32{1, 2, 5}, dx)
	// dτ is 2/2 for the first and 1/2 for the second
	if want := []float32{1 - 3, 2 - 1.5, 0}; !slices.Equal(dx, want) {
		t.Errorf("gradient is %v, want %v", dx, want)
	}
	for at := range x { // wherever it is
		nan := slices.Clone(x)
		nan[at] = float32(math.NaN())
		Sparsemax(1, 3, nan, y)
		if slices.ContainsFunc(y, func(v float32) bool { return v == v }) {
			t.Errorf("sparsemax of %v is %v, want NaN", nan, y)
		}
	}
}
