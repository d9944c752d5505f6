package kernels

import (
	"math"
	"testing"
)

func TestRowPenalty(t *testing.T) {
	y := make([]float32, 2)
	RowPenalty(0.5, 0.25, 2, 3, []float32{1, -2, 4, 0, 0, -1}, y)
	compare(t, "penalty", y, []float64{0.5*7 + 0.25*21, 0.5 + 0.25}, []float64{1e-6, 1e-6})
}

func TestAddPenaltyGrad(t *testing.T) {
	x, g := []float32{2, -3, 0}, []float32{10, 20, 30}
	want := []float64{2 * (0.5 + 2*0.25*2), 2 * (-0.5 - 2*0.25*3), 0}
	for _, withG := range []bool{false, true} {
		in := []float32(nil)
		sum := append([]float64(nil), want...)
		if withG {
			in = g
			for i := range sum {
				sum[i] += float64(g[i])
			}
		}
		dst := make([]float32, 3)
		AddPenaltyGrad(2, 0.5, 0.25, x, in, dst)
		bound := make([]float64, 3)
		for i := range bound {
			bound[i] = 4 * eps * math.Abs(sum[i])
		}
		compare(t, "gradient", dst, sum, bound)
	}
}
