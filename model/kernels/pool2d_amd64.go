//go:build amd64 && !noasm

package kernels

func maxPool2D(s *Pool2DShape, x, y []float32, argmax []int32) {
	if active == variantGo {
		maxPool2DGo(s, x, y, argmax)
		return
	}
	s.runs(func(windows, kh, kw, in, tap, out int) {
		if active == variantAVX512 {
			maxPoolAVX512(windows, s.C, kh, kw, &x[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, int32(tap), int32(s.KW), &y[out], &argmax[out])
		} else {
			maxPoolAVX2(windows, s.C, kh, kw, &x[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, int32(tap), int32(s.KW), &y[out], &argmax[out])
		}
	})
}

func maxPool2DGrad(s *Pool2DShape, dy []float32, argmax []int32, dx []float32) {
	if active == variantGo {
		maxPool2DGradGo(s, dy, argmax, dx)
		return
	}
	clear(dx[:s.sizeX()])
	s.runs(func(windows, kh, kw, in, tap, out int) {
		if active == variantAVX512 {
			maxPoolGradAVX512(windows, s.C, kh, kw, &dx[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, int32(tap), int32(s.KW), &dy[out], &argmax[out])
		} else {
			maxPoolGradAVX2(windows, s.C, kh, kw, &dx[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, int32(tap), int32(s.KW), &dy[out], &argmax[out])
		}
	})
}

// runs calls visit for every run of windows of one line that have the same kh x kw pixels inside the image: all that lie
// inside are one run, the ones at the border are runs of one. in and tap belong to the first pixel of the first window,
// out is its offset in y.
func (s *Pool2DShape) runs(visit func(windows, kh, kw, in, tap, out int)) {
	for line := range s.N * s.OH {
		n, oh := line/s.OH, line%s.OH
		h0, h1 := clipWindow(oh, s.SH, s.PadTop, s.KH, s.H)
		for ow := 0; ow < s.OW; {
			left := ow*s.SW - s.PadLeft
			w0, w1 := clipWindow(ow, s.SW, s.PadLeft, s.KW, s.W)
			windows := 1
			if w1-w0 == s.KW { // further ones are inside while their last pixel is
				windows = min(s.OW-ow, (s.W-s.KW-left)/s.SW+1)
			}
			tap := (h0-oh*s.SH+s.PadTop)*s.KW + w0 - left
			visit(windows, h1-h0, w1-w0, ((n*s.H+h0)*s.W+w0)*s.C, tap, (line*s.OW+ow)*s.C)
			ow += windows
		}
	}
}
