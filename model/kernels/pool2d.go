package kernels

import (
	"fmt"
	"math"
)

// A Pool2DShape describes pooling of N images H x W x C over windows of KH x KW pixels with strides SH SW. Padding
// pixels belong to no window. All numbers but the padding are at least 1, every window holds a pixel of the image, and
//
//	OH = (H + PadTop + PadBottom - KH) / SH + 1
//	OW = (W + PadLeft + PadRight - KW) / SW + 1
//
// Arrays have no gaps: x is N H W C, y is N OH OW C.
type Pool2DShape struct {
	N, H, W, C                           int
	KH, KW, SH, SW                       int
	PadTop, PadBottom, PadLeft, PadRight int
	OH, OW                               int
}

func (s *Pool2DShape) sizeX() int { return s.N * s.H * s.W * s.C }
func (s *Pool2DShape) sizeY() int { return s.N * s.OH * s.OW * s.C }

func (s *Pool2DShape) window() window {
	return window{s.H, s.W, s.KH, s.KW, s.SH, s.SW, 1, 1, s.PadTop, s.PadBottom, s.PadLeft, s.PadRight, s.OH, s.OW}
}

// check panics unless the shape is consistent.
func (s *Pool2DShape) check(kernel string) {
	w := s.window()
	ok := s.N >= 0 && s.C >= 1 && w.valid() && s.PadTop < s.KH && s.PadLeft < s.KW &&
		(s.OH-1)*s.SH-s.PadTop < s.H && (s.OW-1)*s.SW-s.PadLeft < s.W
	if !ok {
		panic(fmt.Sprintf("kernels: %s: inconsistent shape %+v", kernel, *s))
	}
}

// clipWindow returns the first and last+1 pixel of a line that window o covers.
func clipWindow(o, stride, pad, taps, size int) (from, to int) {
	from = o*stride - pad
	return max(from, 0), min(from+taps, size)
}

// MaxPool2D takes the maximum over each window into y, and into argmax (N OH OW C) the tap kh*KW+kw at which it was
// found: the first of equal ones. NaN counts as greater than anything.
//
//	for n, oh, ow, c := range y {
//		for kh, kw := range window {
//			v := x[n, oh*SH+kh-PadTop, ow*SW+kw-PadLeft, c] // where inside the image
//			if v is the first || v > y[n,oh,ow,c] || v is NaN {
//				y[n,oh,ow,c], argmax[n,oh,ow,c] = v, kh*KW+kw
//			}
//		}
//	}
func MaxPool2D(s *Pool2DShape, x, y []float32, argmax []int32) {
	s.check("MaxPool2D")
	atLeast("MaxPool2D", "x", len(x), s.sizeX())
	atLeast("MaxPool2D", "y", len(y), s.sizeY())
	atLeast("MaxPool2D", "argmax", len(argmax), s.sizeY())
	maxPool2D(s, x, y, argmax)
}

// maxPool2DGo is the loop of MaxPool2D.
func maxPool2DGo(s *Pool2DShape, x, y []float32, argmax []int32) {
	s.windows(func(out, h0, h1, w0, w1, in, tap int) {
		best, arg := y[out:out+s.C], argmax[out:out+s.C]
		for c := range best {
			best[c], arg[c] = float32(math.Inf(-1)), int32(tap)
		}
		for h := range h1 - h0 {
			for w := range w1 - w0 {
				t := int32(tap + h*s.KW + w)
				for c, v := range x[in+(h*s.W+w)*s.C:][:s.C] {
					if v > best[c] || v != v {
						best[c], arg[c] = v, t
					}
				}
			}
		}
	})
}

// MaxPool2DGrad computes the gradient of MaxPool2D with respect to x: each element of dy is added to the pixel that
// argmax names.
//
//	dx = 0
//	for n, oh, ow, c := range dy {
//		kh, kw := argmax[n,oh,ow,c] / KW, argmax[n,oh,ow,c] % KW
//		dx[n, oh*SH+kh-PadTop, ow*SW+kw-PadLeft, c] += dy[n,oh,ow,c]
//	}
//
// argmax must be as MaxPool2D left it.
func MaxPool2DGrad(s *Pool2DShape, dy []float32, argmax []int32, dx []float32) {
	s.check("MaxPool2DGrad")
	atLeast("MaxPool2DGrad", "dy", len(dy), s.sizeY())
	atLeast("MaxPool2DGrad", "argmax", len(argmax), s.sizeY())
	atLeast("MaxPool2DGrad", "dx", len(dx), s.sizeX())
	maxPool2DGrad(s, dy, argmax, dx)
}

// maxPool2DGradGo is the loop of MaxPool2DGrad.
func maxPool2DGradGo(s *Pool2DShape, dy []float32, argmax []int32, dx []float32) {
	clear(dx[:s.sizeX()])
	s.windows(func(out, h0, h1, w0, w1, in, tap int) {
		arg := argmax[out : out+s.C]
		for c, v := range dy[out : out+s.C] {
			t := int(arg[c]) - tap
			dx[in+(t/s.KW*s.W+t%s.KW)*s.C+c] += v
		}
	})
}

// AvgPool2D takes the mean over the pixels of each window (padding is not counted, as in Keras) into y.
func AvgPool2D(s *Pool2DShape, x, y []float32) {
	s.check("AvgPool2D")
	atLeast("AvgPool2D", "x", len(x), s.sizeX())
	atLeast("AvgPool2D", "y", len(y), s.sizeY())
	s.windows(func(out, h0, h1, w0, w1, in, tap int) {
		sum := y[out : out+s.C]
		clear(sum)
		for h := range h1 - h0 {
			for w := range w1 - w0 {
				add(sum, x[in+(h*s.W+w)*s.C:][:s.C], sum)
			}
		}
		scale(1/float32((h1-h0)*(w1-w0)), sum, sum)
	})
}

// AvgPool2DGrad computes the gradient of AvgPool2D with respect to x: each element of dy is divided evenly among the
// pixels of its window and added to them.
func AvgPool2DGrad(s *Pool2DShape, dy, dx []float32) {
	s.check("AvgPool2DGrad")
	atLeast("AvgPool2DGrad", "dy", len(dy), s.sizeY())
	atLeast("AvgPool2DGrad", "dx", len(dx), s.sizeX())
	clear(dx[:s.sizeX()])
	s.windows(func(out, h0, h1, w0, w1, in, tap int) {
		share := 1 / float32((h1-h0)*(w1-w0))
		for h := range h1 - h0 {
			for w := range w1 - w0 {
				axpy(share, dy[out:out+s.C], dx[in+(h*s.W+w)*s.C:][:s.C])
			}
		}
	})
}

// windows calls visit for every window in the order of the output: out is its offset in y, [h0,h1) x [w0,w1) are its
// pixels inside the image, in is the offset in x and tap the index of the first of them.
func (s *Pool2DShape) windows(visit func(out, h0, h1, w0, w1, in, tap int)) {
	out := 0
	for n := range s.N {
		for oh := range s.OH {
			h0, h1 := clipWindow(oh, s.SH, s.PadTop, s.KH, s.H)
			for ow := range s.OW {
				w0, w1 := clipWindow(ow, s.SW, s.PadLeft, s.KW, s.W)
				tap := (h0-oh*s.SH+s.PadTop)*s.KW + w0 - ow*s.SW + s.PadLeft
				visit(out, h0, h1, w0, w1, ((n*s.H+h0)*s.W+w0)*s.C, tap)
				out += s.C
			}
		}
	}
}
