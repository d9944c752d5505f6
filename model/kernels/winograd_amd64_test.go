//go:build amd64 && !noasm

package kernels

import (
	"math"
	"testing"
)

// TestWinogradExactly: on small integers every transform is exact but for the kernel's sixths, so results agree with the
// definition far below the documented bound.
func TestWinogradExactly(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		if active == variantGo {
			t.Skip("the Go variant has no Winograd filtering")
		}
		d := draw(1)
		for _, s := range []*Conv2DShape{
			squareConv(1, 6, 16, 3, 16, 1, false),  // one tile
			squareConv(3, 9, 16, 3, 24, 1, true),   // tiles over the border
			squareConv(2, 13, 40, 3, 70, 1, false), // panels with a rest
			convShape(2, 5, 11, 32, 3, 3, 32, 1, 1, 1, 1, 1, [4]int{2, 0, 0, 2}),
			squareConv(9, 18, 16, 3, 16, 1, true), // several blocks
		} {
			if g := s.forward(0); !g.winogradPays(s.F) {
				t.Fatalf("%+v does not go through Winograd's filtering", *s)
			}
			integers := func(n int) []float32 {
				x := make([]float32, n)
				for i := range x {
					x[i] = float32(d.intn(5) - 2)
				}
				return x
			}
			x, k, dy := integers(s.sizeX()), integers(s.sizeK()), integers(s.sizeY())
			o := newConvOracle(s, x, k, nil, dy)
			y, dx, dk := make([]float32, s.sizeY()), make([]float32, s.sizeX()), make([]float32, s.sizeK())
			Conv2D(s, x, k, nil, Linear, Drop{}, y, make([]float32, Conv2DWorkspace(s)), Around{})
			Conv2DInputGrad(s, dy, k, dx, make([]float32, Conv2DInputGradWorkspace(s)), Around{})
			Conv2DKernelGrad(s, x, dy, dk, make([]float32, Conv2DKernelGradWorkspace(s)), Around{})
			for name, c := range map[string]struct {
				got  []float32
				want []float64
			}{"y": {y, o.y}, "dx": {dx, o.dx}, "dk": {dk, o.dk}} {
				for i, v := range c.got {
					if math.Abs(float64(v)-c.want[i]) > 0.02 { // results are integers of the size of 100
						t.Fatalf("%+v: %s[%d] = %v, want %v", *s, name, i, v, c.want[i])
					}
				}
			}
		}
	})
}

// TestWinogradPays: the choice follows the shape.
func TestWinogradPays(t *testing.T) {
	for _, c := range []struct {
		name string
		s    *Conv2DShape
		want bool
	}{
		{"many channels", squareConv(1, 26, 32, 3, 64, 1, false), true},
		{"one channel", squareConv(1, 28, 1, 3, 32, 1, false), false},
		{"three channels", squareConv(1, 32, 3, 3, 32, 1, true), false},
		{"one pixel", squareConv(1, 3, 64, 3, 64, 1, false), false},
		{"stride", squareConv(1, 26, 32, 3, 64, 2, false), false},
		{"five taps", squareConv(1, 26, 32, 5, 64, 1, false), false},
		{"dilation", convShape(1, 26, 26, 32, 3, 3, 64, 1, 1, 2, 2, 1, [4]int{}), false},
		{"groups", convShape(1, 26, 26, 32, 3, 3, 64, 1, 1, 1, 1, 2, [4]int{}), false},
	} {
		if g := c.s.forward(0); g.winogradPays(c.s.F) != c.want {
			t.Errorf("%s: winogradPays = %v", c.name, !c.want)
		}
	}
}
