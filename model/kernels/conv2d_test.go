package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// convShape makes a shape from its free numbers.
func convShape(n, h, w, c, kh, kw, f, sh, sw, dh, dw, groups int, pad [4]int) *Conv2DShape {
	return &Conv2DShape{
		N: n, H: h, W: w, C: c, KH: kh, KW: kw, F: f, SH: sh, SW: sw, DH: dh, DW: dw,
		PadTop: pad[0], PadBottom: pad[1], PadLeft: pad[2], PadRight: pad[3],
		OH: outputSize(h+pad[0]+pad[1], kh, sh, dh), OW: outputSize(w+pad[2]+pad[3], kw, sw, dw), Groups: groups,
	}
}

// squareConv makes a convolution of square images with a square kernel, padded as Keras' "same" or not at all.
func squareConv(n, h, c, k, f, stride int, same bool) *Conv2DShape {
	var pad [4]int
	if same {
		out := (h + stride - 1) / stride
		total := max((out-1)*stride+k-h, 0)
		pad = [4]int{total / 2, total - total/2, total / 2, total - total/2}
	}
	return convShape(n, h, h, c, k, k, f, stride, stride, 1, 1, 1, pad)
}

// convOracle computes y, dx and dk in double precision from the definition, with the sums of absolute terms beside.
type convOracle struct {
	y, ySize, dx, dxSize, dk, dkSize []float64
}

func newConvOracle(s *Conv2DShape, x, k, bias, dy []float32) *convOracle {
	zeros := func(n int) []float64 { return make([]float64, n) }
	o := &convOracle{zeros(s.sizeY()), zeros(s.sizeY()), zeros(s.sizeX()), zeros(s.sizeX()), zeros(s.sizeK()), zeros(s.sizeK())}
	cg, fg := s.C/s.Groups, s.F/s.Groups
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for f := range s.F {
					yi := ((n*s.OH+oh)*s.OW+ow)*s.F + f
					if bias != nil {
						o.y[yi] += float64(bias[f])
						o.ySize[yi] += math.Abs(float64(bias[f]))
					}
					for kh := range s.KH {
						for kw := range s.KW {
							h, w := oh*s.SH+kh*s.DH-s.PadTop, ow*s.SW+kw*s.DW-s.PadLeft
							if h < 0 || h >= s.H || w < 0 || w >= s.W {
								continue
							}
							for c := range cg {
								xi := ((n*s.H+h)*s.W+w)*s.C + f/fg*cg + c
								ki := ((kh*s.KW+kw)*cg+c)*s.F + f
								xv, kv, dv := float64(x[xi]), float64(k[ki]), float64(dy[yi])
								o.y[yi] += xv * kv
								o.ySize[yi] += math.Abs(xv * kv)
								o.dx[xi] += dv * kv
								o.dxSize[xi] += math.Abs(dv * kv)
								o.dk[ki] += xv * dv
								o.dkSize[ki] += math.Abs(xv * dv)
							}
						}
					}
				}
			}
		}
	}
	return o
}

// bounds turns sums of absolute terms into error bounds of sums of n terms. Where Winograd's filtering may be at work, an
// element also takes its share of the rounding of its neighbours.
func bounds(s *Conv2DShape, size []float64, n int) []float64 {
	var shared float64
	if s.KH == 3 && s.KW == 3 && active != variantGo {
		shared = winogradError * slices.Max(append(size, 0))
	}
	b := make([]float64, len(size))
	for i, v := range size {
		b[i] = float64(n+1)*eps*v + shared
	}
	return b
}

// winogradError is the documented error relative to the largest sum of absolute terms.
const winogradError = 1e-5

// checkConv runs all three convolutions of a shape in the active variant.
func checkConv(t *testing.T, d *draw, s *Conv2DShape, withBias bool) {
	t.Helper()
	var g guards
	x := g.input("x", d.fill(make([]float32, s.sizeX())), d.intn(5))
	k := g.input("k", d.fill(make([]float32, s.sizeK())), d.intn(5))
	dy := g.input("dy", d.fill(make([]float32, s.sizeY())), d.intn(5))
	var bias []float32
	if withBias {
		bias = g.input("bias", d.fill(make([]float32, s.F)), d.intn(5))
	}
	o := newConvOracle(s, x, k, bias, dy)
	what := fmt.Sprintf("%+v bias=%v", *s, withBias)

	y := g.output("y", s.sizeY(), d.intn(5))
	Conv2D(s, x, k, bias, Linear, Drop{}, y, g.output("ws", Conv2DWorkspace(s), d.intn(5)), Around{})
	g.intact(t, "Conv2D "+what)
	compare(t, "Conv2D "+what+" y", y, o.y, bounds(s, o.ySize, s.KH*s.KW*s.C/s.Groups+1))

	relu := g.output("y", s.sizeY(), d.intn(5))
	Conv2D(s, x, k, bias, ReLU, Drop{}, relu, g.output("ws", Conv2DWorkspace(s), d.intn(5)), Around{})
	for i, v := range y {
		if want := max(v, 0); relu[i] != want {
			t.Fatalf("Conv2D %s: relu y[%d] = %v, want %v", what, i, relu[i], want)
		}
	}

	dx := g.output("dx", s.sizeX(), d.intn(5))
	Conv2DInputGrad(s, dy, k, dx, g.output("ws", Conv2DInputGradWorkspace(s), d.intn(5)), Around{})
	g.intact(t, "Conv2DInputGrad "+what)
	compare(t, "Conv2DInputGrad "+what+" dx", dx, o.dx, bounds(s, o.dxSize, s.KH*s.KW*s.F/s.Groups))

	dk := g.output("dk", s.sizeK(), d.intn(5))
	Conv2DKernelGrad(s, x, dy, dk, g.output("ws", Conv2DKernelGradWorkspace(s), d.intn(5)), Around{})
	g.intact(t, "Conv2DKernelGrad "+what)
	compare(t, "Conv2DKernelGrad "+what+" dk", dk, o.dk, bounds(s, o.dkSize, s.N*s.OH*s.OW))
}

func TestConv2DNamedShapes(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for _, s := range []*Conv2DShape{
			squareConv(2, 28, 1, 3, 32, 1, false),
			squareConv(1, 10, 32, 3, 64, 1, false),
			squareConv(2, 12, 3, 3, 32, 1, true),
			squareConv(2, 9, 16, 3, 16, 1, true),
			squareConv(2, 9, 16, 3, 32, 2, true), // strides of the residual blocks
			squareConv(2, 8, 16, 1, 32, 2, true), // and their projections: pixels that no tap meets
			squareConv(2, 7, 40, 1, 24, 1, true), // one by one
			squareConv(1, 11, 3, 7, 8, 2, true),
			squareConv(1, 5, 2, 5, 70, 1, false),                                  // one output
			convShape(2, 6, 7, 8, 3, 3, 8, 1, 1, 1, 1, 8, [4]int{1, 1, 1, 1}),     // depthwise
			convShape(2, 8, 13, 37, 3, 3, 37, 2, 1, 1, 2, 37, [4]int{1, 1, 3, 1}), // depthwise with a rest, dilated
			convShape(2, 6, 7, 4, 3, 3, 12, 2, 2, 1, 1, 4, [4]int{0, 1, 0, 1}),    // depthwise, three filters each
			convShape(1, 6, 6, 12, 3, 2, 48, 1, 1, 1, 1, 3, [4]int{1, 0, 1, 0}),   // groups
			convShape(1, 9, 12, 5, 3, 2, 6, 1, 1, 2, 3, 1, [4]int{2, 2, 1, 2}),    // dilation
			convShape(1, 9, 12, 4, 3, 3, 6, 2, 3, 2, 2, 2, [4]int{2, 2, 1, 2}),    // everything
			convShape(1, 3, 3, 2, 1, 1, 3, 1, 1, 1, 1, 1, [4]int{2, 1, 3, 0}),     // windows without any pixel
			convShape(0, 4, 4, 1, 2, 2, 1, 1, 1, 1, 1, 1, [4]int{}),               // no images
		} {
			for _, withBias := range []bool{false, true} {
				checkConv(t, &d, s, withBias)
			}
		}
	})
}

// TestConv2DRandomShapes tries shapes that nobody thought of. A failure prints its shape.
func TestConv2DRandomShapes(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(2)
		for range 400 {
			from := func(lo, hi int) int { return lo + d.intn(hi-lo+1) }
			groups := 1
			if from(0, 3) == 0 {
				groups = from(2, 3)
			}
			c, f := groups*from(1, 5), groups*from(1, 20)
			if from(0, 5) == 0 {
				groups, f = c, c
			}
			s := convShape(from(1, 2), from(1, 9), from(1, 17), c, from(1, 3), from(1, 4), f, from(1, 3), from(1, 3), from(1, 2),
				from(1, 2), groups, [4]int{from(0, 3), from(0, 3), from(0, 3), from(0, 3)})
			if s.OH < 1 || s.OW < 1 {
				continue
			}
			checkConv(t, &d, s, from(0, 1) == 0)
		}
	})
}

// TestConv2DImagesAreIndependent: the result for an image is the same in every bit whatever images stand beside it.
func TestConv2DImagesAreIndependent(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(4)
		for _, all := range []*Conv2DShape{squareConv(7, 10, 16, 3, 32, 1, true), squareConv(7, 9, 5, 3, 8, 2, true)} {
			one := *all
			one.N = 1
			x, k, dy := d.fill(make([]float32, all.sizeX())), d.fill(make([]float32, all.sizeK())), d.fill(make([]float32, all.sizeY()))
			y, dx := make([]float32, all.sizeY()), make([]float32, all.sizeX())
			Conv2D(all, x, k, nil, ReLU, Drop{}, y, make([]float32, Conv2DWorkspace(all)), Around{})
			Conv2DInputGrad(all, dy, k, dx, make([]float32, Conv2DInputGradWorkspace(all)), Around{})
			for n := range all.N {
				inX, inY := x[n*one.sizeX():(n+1)*one.sizeX()], dy[n*one.sizeY():(n+1)*one.sizeY()]
				y1, dx1 := make([]float32, one.sizeY()), make([]float32, one.sizeX())
				Conv2D(&one, inX, k, nil, ReLU, Drop{}, y1, make([]float32, Conv2DWorkspace(&one)), Around{})
				Conv2DInputGrad(&one, inY, k, dx1, make([]float32, Conv2DInputGradWorkspace(&one)), Around{})
				if !slices.Equal(y1, y[n*one.sizeY():(n+1)*one.sizeY()]) || !slices.Equal(dx1, dx[n*one.sizeX():(n+1)*one.sizeX()]) {
					t.Errorf("%+v: image %d alone differs", *all, n)
				}
			}
		}
	})
}

func TestConv2DDoesNotAllocate(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range []*Conv2DShape{squareConv(2, 10, 16, 3, 32, 1, true), squareConv(2, 9, 5, 3, 8, 2, true)} {
			x, k, y := make([]float32, s.sizeX()), make([]float32, s.sizeK()), make([]float32, s.sizeY())
			ws := make([]float32, Conv2DWorkspace(s)+Conv2DInputGradWorkspace(s)+Conv2DKernelGradWorkspace(s))
			for name, f := range map[string]func(){
				"Conv2D":           func() { Conv2D(s, x, k, nil, ReLU, Drop{}, y, ws, Around{}) },
				"Conv2DInputGrad":  func() { Conv2DInputGrad(s, y, k, x, ws, Around{}) },
				"Conv2DKernelGrad": func() { Conv2DKernelGrad(s, x, y, k, ws, Around{}) },
			} {
				if got := testing.AllocsPerRun(5, f); got != 0 {
					t.Errorf("%s: %v allocations", name, got)
				}
			}
		}
	})
}

func TestConv2DActivations(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(3)
		s := squareConv(1, 6, 3, 3, 20, 1, true)
		x, k := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK()))
		ws := make([]float32, Conv2DWorkspace(s))
		linear := make([]float32, s.sizeY())
		Conv2D(s, x, k, nil, Linear, Drop{}, linear, ws, Around{})
		for act := range numActivations {
			y := make([]float32, s.sizeY())
			Conv2D(s, x, k, nil, act, Drop{}, y, ws, Around{})
			want, bound := make([]float64, len(y)), make([]float64, len(y))
			for i, v := range linear {
				want[i] = activations[act].f(float64(v))
				bound[i] = 4 * eps * math.Abs(want[i])
			}
			compare(t, act.String(), y, want, bound)
		}
	})
}

func TestConv2DShapeIsChecked(t *testing.T) {
	good := *squareConv(1, 5, 4, 3, 6, 2, true)
	for name, spoil := range map[string]func(s *Conv2DShape){
		"channels":    func(s *Conv2DShape) { s.C = 0 },
		"output":      func(s *Conv2DShape) { s.OH++ },
		"stride":      func(s *Conv2DShape) { s.SW = 0 },
		"dilation":    func(s *Conv2DShape) { s.DH = 0 },
		"padding":     func(s *Conv2DShape) { s.PadLeft = -1 },
		"groups":      func(s *Conv2DShape) { s.Groups = 4 },
		"zero groups": func(s *Conv2DShape) { s.Groups = 0 },
		"window":      func(s *Conv2DShape) { s.KH, s.OH = 9, 0 },
	} {
		s := good
		spoil(&s)
		if panics(func() { s.check("test") }) == nil {
			t.Errorf("%s: %+v passed", name, s)
		}
	}
	if p := panics(func() { good.check("test") }); p != nil {
		t.Errorf("good shape: %v", p)
	}
}
