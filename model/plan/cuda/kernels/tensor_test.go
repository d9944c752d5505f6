package kernels_test

import (
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// TestTensorKernels compares products on tensor cores with the CPU's device, in several orders of threads, and the PTX of every kernel with its
// source. Three products of TF32 are as near to the CPU as those of float32; one is not, and has to show that operands were rounded.
func TestTensorKernels(t *testing.T) {
	for _, c := range []struct {
		math        kernels.Math
		least, most float64 // of the largest difference
	}{
		{kernels.TF32x3, 0, tolerance},
		{kernels.TF32, 2e-4, 2e-3},
	} {
		t.Run(string(c.math), func(t *testing.T) {
			s := newStand(t, compiled)
			s.every, s.math, s.tolerance = true, c.math, c.most
			s.products(t, [][3]int{{1, 1, 1}, {65, 70, 33}, {3, 130, 500}})
			const m, n, k = 1537, 1409, 3 // each form of a product with large tiles
			s.run(t, shape{code: graph.CodeDense, attr: graph.DenseAttr{M: m, N: n, K: k}, in: []int{m * k, k * n}, out: m * n})
			s.run(t, shape{code: graph.CodeDenseInputGrad, attr: graph.DenseAttr{M: m, N: k, K: n}, in: []int{m * k, n * k}, out: m * n})
			s.run(t, shape{code: graph.CodeDenseKernelGrad, attr: graph.DenseAttr{M: k, N: n, K: m}, in: []int{k * m, k * n}, out: m * n})
			if s.worst < c.least {
				t.Errorf("at most %.2g apart, want %.2g at least", s.worst, c.least)
			}
			t.Logf("at most %.2g apart", s.worst)
			for _, name := range kernels.Names() {
				if form, of := modeOf(name); of && form == c.math && !s.interpreted[name] {
					t.Errorf("kernel %s was not run", name)
				}
			}
		})
	}
}

// modeOf is the math whose kernel it is; ok is false where it is one of all.
func modeOf(kernel string) (m kernels.Math, ok bool) {
	for _, m := range []kernels.Math{kernels.TF32x3, kernels.TF32} {
		if len(kernel) > len(m) && kernel[len(kernel)-len(m)-1:] == "_"+string(m) {
			return m, true
		}
	}
	return "", false
}
