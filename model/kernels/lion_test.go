package kernels

import (
	"math"
	"slices"
	"testing"
)

func TestLion(t *testing.T) {
	p, m := []float32{1, 1, 1, 1}, []float32{0.5, -1, 0, 0}
	Lion(p, []float32{-2, 1, 0, float32(math.NaN())}, m, 0.25, 0.75, 0.5)
	if want := []float32{1.25, 1.25, 1}; !slices.Equal(p[:3], want) || p[3] == p[3] {
		t.Errorf("weights %v, want %v and NaN", p, want)
	}
	if want := []float32{-0.75, 0, 0}; !slices.Equal(m[:3], want) {
		t.Errorf("momentum %v, want %v", m, want)
	}
}
