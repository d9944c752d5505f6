//go:build amd64 && !noasm

package kernels

import (
	"slices"
	"testing"
)

// TestDepthwiseNine: the functions for 3x3 windows give the bits of those for any window.
func TestDepthwiseNine(t *testing.T) {
	const windows, xCol, xRow = 5, 4, 80 // bytes are these by channels
	nine, anySize := depthwiseNineAVX2, depthwiseAVX2
	kernelNine, kernelAnySize := depthwiseKernelGradNineAVX2, depthwiseKernelGradAVX2
	eachVariant(t, func(t *testing.T) {
		switch active {
		case variantGo:
			t.Skip("the Go variant has one loop")
		case variantAVX512:
			nine, anySize = depthwiseNineAVX512, depthwiseAVX512
			kernelNine, kernelAnySize = depthwiseKernelGradNineAVX512, depthwiseKernelGradAVX512
		}
		d := draw(1)
		for c := 1; c <= 70; c++ {
			x, k, y := d.fill(make([]float32, 20*3*c)), d.fill(make([]float32, 9*c)), d.fill(make([]float32, windows*c))
			for _, stride := range []int{1, 3} {
				y1, y2, k1, k2 := slices.Clone(y), slices.Clone(y), slices.Clone(k), slices.Clone(k)
				nine(windows, c, &x[0], 4*c*stride, xCol*c, xRow*c, &k[0], 12*c, &y1[0])
				anySize(windows, c, 3, 3, &x[0], 4*c*stride, xCol*c, xRow*c, &k[0], 12*c, &y2[0])
				kernelNine(windows, c, &x[0], 4*c*stride, xCol*c, xRow*c, &k1[0], 12*c, &y[0])
				kernelAnySize(windows, c, 3, 3, &x[0], 4*c*stride, xCol*c, xRow*c, &k2[0], 12*c, &y[0])
				if !slices.Equal(y1, y2) || !slices.Equal(k1, k2) {
					t.Fatalf("%d channels, stride %d: the bits differ", c, stride)
				}
			}
		}
	})
}
