package kernels

import "fmt"

// A Conv2DShape describes a two-dimensional convolution (cross-correlation, as in Keras) of N images H x W x C with
// F filters of KH x KW taps, strides SH SW and dilations DH DW, after padding the image with zeros. The channels form
// Groups equal parts: filter f sees the C/Groups channels of its part only, f·Groups/F; depthwise convolution is
// Groups = C. All numbers but the padding are at least 1, and
//
//	OH = (H + PadTop + PadBottom - (KH-1)·DH - 1) / SH + 1
//	OW = (W + PadLeft + PadRight - (KW-1)·DW - 1) / SW + 1
//
// Arrays have no gaps: images x are N H W C, kernels k are KH KW C/Groups F, biases F, outputs y are N OH OW F.
type Conv2DShape struct {
	N, H, W, C                           int
	KH, KW, F                            int
	SH, SW, DH, DW                       int
	PadTop, PadBottom, PadLeft, PadRight int
	OH, OW                               int
	Groups                               int
}

func (s *Conv2DShape) sizeX() int { return s.N * s.H * s.W * s.C }
func (s *Conv2DShape) sizeK() int { return s.KH * s.KW * s.C / s.Groups * s.F }
func (s *Conv2DShape) sizeY() int { return s.N * s.OH * s.OW * s.F }

func (s *Conv2DShape) window() window {
	return window{s.H, s.W, s.KH, s.KW, s.SH, s.SW, s.DH, s.DW, s.PadTop, s.PadBottom, s.PadLeft, s.PadRight, s.OH, s.OW}
}

// check panics unless the shape is consistent.
func (s *Conv2DShape) check(kernel string) {
	w := s.window()
	ok := s.N >= 0 && s.C >= 1 && s.F >= 1 && s.Groups >= 1 && s.C%s.Groups == 0 && s.F%s.Groups == 0
	if !ok || !w.valid() {
		panic(fmt.Sprintf("kernels: %s: inconsistent shape %+v", kernel, *s))
	}
}

// A window is what convolution and pooling have in common: a window that slides over a padded image.
type window struct {
	h, w, kh, kw, sh, sw, dh, dw, top, bottom, left, right, oh, ow int
}

func (w *window) valid() bool {
	return w.h >= 1 && w.w >= 1 && w.kh >= 1 && w.kw >= 1 && w.sh >= 1 && w.sw >= 1 && w.dh >= 1 && w.dw >= 1 &&
		w.top >= 0 && w.bottom >= 0 && w.left >= 0 && w.right >= 0 && w.oh >= 1 && w.ow >= 1 &&
		w.oh == outputSize(w.h+w.top+w.bottom, w.kh, w.sh, w.dh) &&
		w.ow == outputSize(w.w+w.left+w.right, w.kw, w.sw, w.dw)
}

// outputSize is the number of places of a window of taps elements in a padded line, or less than 1 when none fits.
func outputSize(padded, taps, stride, dilation int) int {
	room := padded - (taps-1)*dilation - 1
	if room < 0 {
		return 0
	}
	return room/stride + 1
}

// Accuracy of the convolutions: like Gemm's, n·eps·Σ|terms| for sums of n terms, except that the assembly variants may compute
// 3 x 3 kernels with stride 1 by Winograd's filtering, whose error is at most 1e-5 of the largest Σ|terms| of the result
// (1e-6 to 3e-6 is usual), and which spreads NaN and infinities to the results of the same 4 x 4 tile. The results for an
// image do not depend on the other images.

// Conv2D computes y = act(convolution of x with k + bias) with the dropout behind it; bias may be nil. ws holds at least
// Conv2DWorkspace elements.
//
//	for n, oh, ow, f := range y {
//		sum := bias[f]
//		for kh, kw, c := range k[:,:,:,f] { // c0 = first channel of the group of f
//			h, w := oh*SH + kh*DH - PadTop, ow*SW + kw*DW - PadLeft
//			if 0 <= h < H && 0 <= w < W {
//				sum += x[n,h,w,c0+c] * k[kh,kw,c,f]
//			}
//		}
//		y[n,oh,ow,f] = act(sum)
//	}
//
// and then Dropout(drop, y, y).
func Conv2D(s *Conv2DShape, x, k, bias []float32, act Activation, drop Drop, y, ws []float32, around Around) {
	s.check("Conv2D")
	act.check("Conv2D")
	drop.check("Conv2D", s.sizeY())
	atLeast("Conv2D", "x", len(x), s.sizeX())
	atLeast("Conv2D", "k", len(k), s.sizeK())
	if bias != nil {
		atLeast("Conv2D", "bias", len(bias), s.F)
	}
	atLeast("Conv2D", "y", len(y), s.sizeY())
	atLeast("Conv2D", "ws", len(ws), Conv2DWorkspace(s))
	conv2D(s, x, k, bias, newEpilogue(act, drop), y, ws, &around)
}

// Conv2DInputGrad computes dx, the gradient of Conv2D (before its activation) with respect to x, from dy. ws holds at
// least Conv2DInputGradWorkspace elements.
//
//	dx[n,h,w,c0+c] = Σ dy[n,oh,ow,f] * k[kh,kw,c,f] over all oh, ow, f, kh, kw with
//		h = oh*SH + kh*DH - PadTop, w = ow*SW + kw*DW - PadLeft
func Conv2DInputGrad(s *Conv2DShape, dy, k, dx, ws []float32, around Around) {
	s.check("Conv2DInputGrad")
	atLeast("Conv2DInputGrad", "dy", len(dy), s.sizeY())
	atLeast("Conv2DInputGrad", "k", len(k), s.sizeK())
	atLeast("Conv2DInputGrad", "dx", len(dx), s.sizeX())
	atLeast("Conv2DInputGrad", "ws", len(ws), Conv2DInputGradWorkspace(s))
	conv2DInputGrad(s, dy, k, dx, ws, &around)
}

// Conv2DKernelGrad computes dk, the gradient of Conv2D (before its activation) with respect to k, from x and dy. ws
// holds at least Conv2DKernelGradWorkspace elements. The gradient of the bias is that of ActivationBiasGrad for N·OH·OW rows.
//
//	dk[kh,kw,c,f] = Σ x[n,h,w,c0+c] * dy[n,oh,ow,f] over all n, oh, ow with
//		h = oh*SH + kh*DH - PadTop, w = ow*SW + kw*DW - PadLeft inside the image
//
// around.Before makes images of dy.
func Conv2DKernelGrad(s *Conv2DShape, x, dy, dk, ws []float32, around Around) {
	s.check("Conv2DKernelGrad")
	atLeast("Conv2DKernelGrad", "x", len(x), s.sizeX())
	atLeast("Conv2DKernelGrad", "dy", len(dy), s.sizeY())
	atLeast("Conv2DKernelGrad", "dk", len(dk), s.sizeK())
	atLeast("Conv2DKernelGrad", "ws", len(ws), Conv2DKernelGradWorkspace(s))
	conv2DKernelGrad(s, x, dy, dk, ws, &around)
}

// Conv2DWorkspace is the least length of Conv2D's workspace.
func Conv2DWorkspace(s *Conv2DShape) int {
	s.check("Conv2DWorkspace")
	return conv2DWorkspace(s)
}

// Conv2DInputGradWorkspace is the least length of Conv2DInputGrad's workspace.
func Conv2DInputGradWorkspace(s *Conv2DShape) int {
	s.check("Conv2DInputGradWorkspace")
	return conv2DInputGradWorkspace(s)
}

// Conv2DKernelGradWorkspace is the least length of Conv2DKernelGrad's workspace.
func Conv2DKernelGradWorkspace(s *Conv2DShape) int {
	s.check("Conv2DKernelGradWorkspace")
	return conv2DKernelGradWorkspace(s)
}

// taps calls visit for every pair of an output pixel (its index in N OH OW) and a tap (its index in KH KW) that meets an
// image pixel (its index in N H W): first by output pixel, then by tap.
func (s *Conv2DShape) taps(visit func(out, tap, in int)) {
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for kh := range s.KH {
					h := oh*s.SH + kh*s.DH - s.PadTop
					if h < 0 || h >= s.H {
						continue
					}
					for kw := range s.KW {
						w := ow*s.SW + kw*s.DW - s.PadLeft
						if w >= 0 && w < s.W {
							visit((n*s.OH+oh)*s.OW+ow, kh*s.KW+kw, (n*s.H+h)*s.W+w)
						}
					}
				}
			}
		}
	}
}

// conv2DGo is the loop of Conv2D.
func conv2DGo(s *Conv2DShape, x, k, bias []float32, e epilogue, y []float32, around *Around) {
	around.before(0, s.N)
	y = y[:s.sizeY()]
	for i := 0; i < len(y); i += s.F {
		if bias == nil {
			clear(y[i : i+s.F])
		} else {
			copy(y[i:i+s.F], bias)
		}
	}
	cg, fg := s.C/s.Groups, s.F/s.Groups
	s.taps(func(out, tap, in int) {
		for c, v := range x[in*s.C : (in+1)*s.C] {
			f0 := c / cg * fg
			row := y[out*s.F+f0:][:fg]
			for f, w := range k[(tap*cg+c%cg)*s.F+f0:][:fg] {
				row[f] += float32(v * w)
			}
		}
	})
	e.run(y, 0, len(y))
	around.after(0, s.N)
}

// conv2DInputGradGo is the loop of Conv2DInputGrad.
func conv2DInputGradGo(s *Conv2DShape, dy, k, dx []float32, around *Around) {
	around.before(0, s.N)
	clear(dx[:s.sizeX()])
	cg, fg := s.C/s.Groups, s.F/s.Groups
	s.taps(func(out, tap, in int) {
		row := dx[in*s.C : (in+1)*s.C]
		for c := range row {
			f0 := c / cg * fg
			sum := row[c]
			d := dy[out*s.F+f0:][:fg]
			for f, w := range k[(tap*cg+c%cg)*s.F+f0:][:fg] {
				sum += float32(d[f] * w)
			}
			row[c] = sum
		}
	})
	around.after(0, s.N)
}

// conv2DKernelGradGo is the loop of Conv2DKernelGrad.
func conv2DKernelGradGo(s *Conv2DShape, x, dy, dk []float32, around *Around) {
	around.before(0, s.N)
	clear(dk[:s.sizeK()])
	cg, fg := s.C/s.Groups, s.F/s.Groups
	s.taps(func(out, tap, in int) {
		for c, v := range x[in*s.C : (in+1)*s.C] {
			f0 := c / cg * fg
			row := dk[(tap*cg+c%cg)*s.F+f0:][:fg]
			for f, d := range dy[out*s.F+f0:][:fg] {
				row[f] += float32(v * d)
			}
		}
	})
}
