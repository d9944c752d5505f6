//go:build amd64 && !noasm

package kernels

func maxPool2D(s *Pool2DShape, x, y []float32, argmax []int32) {
	if active == variantGo {
		maxPool2DGo(s, x, y, argmax)
		return
	}
	w := s.window()
	w.runs(0, s.N, func(r run) {
		in, out, tap := r.in*s.C, r.out*s.C, int32(r.tapH*s.KW+r.tapW)
		if active == variantAVX512 {
			maxPoolAVX512(r.windows, s.C, r.kh, r.kw, &x[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, tap, int32(s.KW), &y[out], &argmax[out])
		} else {
			maxPoolAVX2(r.windows, s.C, r.kh, r.kw, &x[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, tap, int32(s.KW), &y[out], &argmax[out])
		}
	})
}

func maxPool2DGrad(s *Pool2DShape, dy []float32, argmax []int32, dx []float32) {
	if active == variantGo {
		maxPool2DGradGo(s, dy, argmax, dx)
		return
	}
	w := s.window()
	size := s.H * s.W * s.C
	for n := range s.N { // so that the zeros of an image are still in a cache
		clear(dx[n*size : (n+1)*size])
		w.runs(n, n+1, func(r run) {
			in, out, tap := r.in*s.C, r.out*s.C, int32(r.tapH*s.KW+r.tapW)
			if active == variantAVX512 {
				maxPoolGradAVX512(r.windows, s.C, r.kh, r.kw, &dx[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, tap, int32(s.KW), &dy[out], &argmax[out])
			} else {
				maxPoolGradAVX2(r.windows, s.C, r.kh, r.kw, &dx[in], 4*s.SW*s.C, 4*s.C, 4*s.W*s.C, tap, int32(s.KW), &dy[out], &argmax[out])
			}
		})
	}
}
