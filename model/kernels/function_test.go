package kernels

import (
	"math"
	"testing"
)

// TestFunctions compares every derivative with differences, away from kinks, and some values with their definitions.
func TestFunctions(t *testing.T) {
	for f := range numFunctions {
		for _, v := range []float64{-6.8, -2.3, -0.8, -0.3, 0.2, 0.7, 1.7, 4.1} {
			const step = 1e-6
			want := (functions[f].f(v+step) - functions[f].f(v-step)) / (2 * step)
			if math.IsNaN(want) { // outside its domain
				continue
			}
			dx := make([]float32, 1)
			FunctionGrad(f, []float32{float32(v)}, []float32{2}, dx)
			if !(math.Abs(float64(dx[0])-2*want) < 1e-5*max(1, math.Abs(want))) {
				t.Errorf("%v at %v: gradient %v, differences say %v", f, v, dx[0], 2*want)
			}
		}
		y := make([]float32, 1)
		if FunctionForward(f, []float32{float32(math.NaN())}, y); y[0] == y[0] {
			t.Errorf("%v of NaN is %v", f, y[0])
		}
	}
	tests := []struct {
		f    Function
		x, y float32
	}{
		{HardSiLU, -4, 0},
		{HardSiLU, 3, 3},
		{HardSiLU, 1.5, 1.125},
		{HardTanh, -2, -1},
		{HardTanh, 0.25, 0.25},
		{HardShrink, 0.5, 0},
		{HardShrink, -0.75, -0.75},
		{SoftShrink, 0.75, 0.25},
		{SoftShrink, -0.75, -0.25},
		{SoftShrink, 0.5, 0},
		{SparsePlus, -1, 0},
		{SparsePlus, 0, 0.25},
		{SparsePlus, 3, 3},
		{SparseSigmoid, -2, 0},
		{SparseSigmoid, 0, 0.5},
		{SparseSigmoid, 2, 1},
		{SquarePlus, 0, 1},
		{LogSigmoid, -1000, -1000},
		{TanhShrink, 0, 0},
		{Round, 2.5, 2},
		{Round, -1.5, -2},
		{Sign, -0.5, -1},
		{Sign, 0, 0},
		{Absolute, -3, 3},
		{Logarithm, 0, float32(math.Inf(-1))},
		{ReciprocalRoot, 4, 0.5},
		{Reciprocal, 0, float32(math.Inf(1))},
	}
	for _, tt := range tests {
		y := make([]float32, 1)
		if FunctionForward(tt.f, []float32{tt.x}, y); y[0] != tt.y {
			t.Errorf("%v(%v) = %v, want %v", tt.f, tt.x, y[0], tt.y)
		}
	}
}

func TestLogSoftmaxOfLargeNumbers(t *testing.T) {
	y := make([]float32, 2)
	LogSoftmax(1, 2, []float32{1000, 0}, y)
	if y[0] != 0 || y[1] != -1000 {
		t.Errorf("%v, want [0 -1000]", y)
	}
}
