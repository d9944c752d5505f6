package kernels

import "testing"

func TestScaleByNorm(t *testing.T) {
	w := []float32{3, 1, 2, 4, 0, 2}
	ScaleByNorm(w, []int{0, 1, 2}, []int{0, 3}, make([]float64, 3), func(n float64) float64 { return 2 * n })
	compare(t, "columns", w, []float64{30, 2, 4 * 2 * 1.4142135623730951, 40, 0, 4 * 2 * 1.4142135623730951}, []float64{1e-6, 1e-6, 1e-6, 1e-6, 0, 1e-6})
}
