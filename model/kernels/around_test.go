package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// A tour records the images that one of the functions of an Around is called for.
type tour struct{ next int }

func (r *tour) visit(t *testing.T, what string, first, last int) {
	t.Helper()
	if first != r.next || last <= first {
		t.Errorf("%s: called for images %d to %d, want them from %d on", what, first, last, r.next)
	}
	r.next = last
}

// TestAround: a convolution between what makes its input and what works on its output, image by image, gives the bits of one after the
// other, with and without arrays to fetch.
func TestAround(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(12)
		for _, s := range []*Conv2DShape{
			squareConv(5, 18, 16, 3, 16, 1, true), // Winograd's filtering, blocks of more than an image
			squareConv(5, 6, 32, 3, 40, 1, true),  // of many
			squareConv(5, 13, 3, 5, 40, 1, false), // direct
			squareConv(5, 13, 16, 3, 32, 2, true), // strides
			squareConv(5, 13, 16, 1, 32, 2, true), // pixels that no window reaches
			convShape(3, 12, 12, 32, 3, 3, 64, 1, 1, 1, 1, 2, [4]int{1, 1, 1, 1}),
			convShape(3, 9, 9, 20, 3, 3, 20, 1, 1, 1, 1, 20, [4]int{1, 1, 1, 1}), // depthwise
		} {
			x, k, dy := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK())), d.fill(make([]float32, s.sizeY()))
			y, dx, dk := make([]float32, s.sizeY()), make([]float32, s.sizeX()), make([]float32, s.sizeK())
			for _, c := range []struct {
				name          string
				input, output []float32
				result        []float32
				call          func(a Around)
			}{
				{"Conv2D", x, y, y, func(a Around) {
					Conv2D(s, x, k, nil, ReLU, Drop{1, 2, 0.5}, y, make([]float32, Conv2DWorkspace(s)), a)
				}},
				{"Conv2DInputGrad", dy, dx, dx, func(a Around) {
					Conv2DInputGrad(s, dy, k, dx, make([]float32, Conv2DInputGradWorkspace(s)), a)
				}},
				{"Conv2DKernelGrad", dy, nil, dk, func(a Around) {
					Conv2DKernelGrad(s, x, dy, dk, make([]float32, Conv2DKernelGradWorkspace(s)), a)
				}},
			} {
				c.call(Around{})
				want, made := slices.Clone(c.result), slices.Clone(c.input)
				if c.output != nil {
					for i := range want {
						want[i] = 3 * want[i]
					}
				}
				for _, fetch := range []bool{false, true} {
					what := fmt.Sprintf("%s of %+v, fetching: %v", c.name, *s, fetch)
					for i := range c.input {
						c.input[i] = float32(math.NaN())
					}
					var before, after tour
					in, out := len(c.input)/s.N, len(c.output)/s.N
					a := Around{Before: func(first, last int) {
						before.visit(t, what+": Before", first, last)
						copy(c.input[first*in:last*in], made[first*in:])
					}}
					if c.output != nil {
						a.After = func(first, last int) {
							after.visit(t, what+": After", first, last)
							for i := first * out; i < last*out; i++ {
								c.output[i] = 3 * c.output[i]
							}
						}
						if fetch {
							a.Outputs = [][]float32{slices.Clone(c.output), slices.Clone(c.output)}
						}
					}
					if fetch {
						a.Inputs = [][]float32{made, c.input, slices.Clone(made)}
					}
					c.call(a)
					if before.next != s.N || c.output != nil && after.next != s.N {
						t.Errorf("%s: Before made %d images, After had %d, of %d", what, before.next, after.next, s.N)
					}
					sameFloats(t, what, c.result, want)
				}
			}
		}
	})
}
