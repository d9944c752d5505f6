package kernels

import (
	"math"
	"slices"
	"testing"
)

func TestGradientKernels(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{-2, 0.5, 7, nan}
	if Clip(-1, 3, x); !slices.Equal(x[:3], []float32{-1, 0.5, 3}) || x[3] == x[3] {
		t.Errorf("Clip: %v", x)
	}
	p := []float32{1, -2}
	if DecayWeights(p, 0.5, 0.25); !slices.Equal(p, []float32{0.875, -1.75}) {
		t.Errorf("DecayWeights: %v", p)
	}
}
