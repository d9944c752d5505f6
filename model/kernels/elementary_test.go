package kernels

import (
	"math"
	"slices"
	"testing"
)

func TestElementary(t *testing.T) {
	nan := float32(math.NaN())
	x, y := []float32{1, 2, 3, nan}, []float32{2, 2, 2, 2}
	for r, want := range map[Relation][]float32{
		Less:         {1, 0, 0, 0},
		LessEqual:    {1, 1, 0, 0},
		Greater:      {0, 0, 1, 0},
		GreaterEqual: {0, 1, 1, 0},
		Equal:        {0, 1, 0, 0},
		NotEqual:     {1, 0, 1, 1},
	} {
		got := make([]float32, 4)
		if Compare(r, x, y, got); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", r, got, want)
		}
	}
	dst := make([]float32, 3)
	if Divide(x[:3], []float32{2, 4, 0}, dst); !slices.Equal(dst, []float32{0.5, 0.5, float32(math.Inf(1))}) {
		t.Errorf("Divide: %v", dst)
	}
	if Power(x[:3], []float32{0, 3, -1}, dst); !slices.Equal(dst, []float32{1, 8, float32(1 / 3.0)}) {
		t.Errorf("Power: %v", dst)
	}
	if ArgMax(3, 3, []float32{1, 3, 3, nan, 1, 0, 0, nan, 2}, dst); !slices.Equal(dst, []float32{1, 0, 2}) {
		t.Errorf("ArgMax: %v", dst)
	}
}
