//go:build amd64 && !noasm

package kernels

// depthwise reports whether every channel has exactly one filter of its own: then the kernels of this file do it, a vector
// of channels at a time.
func (s *Conv2DShape) depthwise() bool { return s.Groups == s.C && s.F == s.C && s.C > 1 }

// A depthwiseOp names what is done at each tap.
type depthwiseOp uint8

const (
	depthwiseForward    depthwiseOp = iota // y += x·k
	depthwiseInputGrad                     // x += y·k
	depthwiseKernelGrad                    // k += x·y
)

// runDepthwise does op at all taps of all windows of images from to to-1.
func (s *Conv2DShape) runDepthwise(op depthwiseOp, from, to int, x, k, y []float32) {
	w := s.window()
	w.runs(from, to, func(r run) {
		in, tap, out := &x[r.in*s.C], &k[(r.tapH*s.KW+r.tapW)*s.C], &y[r.out*s.C]
		xWindow, xCol, xRow, kRow := 4*s.SW*s.C, 4*s.DW*s.C, 4*s.DH*s.W*s.C, 4*s.KW*s.C
		wide, nine := active == variantAVX512, r.kh == 3 && r.kw == 3
		switch {
		case op == depthwiseForward && nine && wide:
			depthwiseNineAVX512(r.windows, s.C, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseForward && nine:
			depthwiseNineAVX2(r.windows, s.C, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseKernelGrad && nine && wide:
			depthwiseKernelGradNineAVX512(r.windows, s.C, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseKernelGrad && nine:
			depthwiseKernelGradNineAVX2(r.windows, s.C, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseForward && wide:
			depthwiseAVX512(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseForward:
			depthwiseAVX2(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseInputGrad && wide:
			depthwiseInputGradAVX512(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		case op == depthwiseInputGrad:
			depthwiseInputGradAVX2(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		case wide:
			depthwiseKernelGradAVX512(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		default:
			depthwiseKernelGradAVX2(r.windows, s.C, r.kh, r.kw, in, xWindow, xCol, xRow, tap, kRow, out)
		}
	})
}

// depthwiseConv computes Conv2D without its activation. An image is filled with the bias just before it is added to, so that it is
// still in a cache.
func (s *Conv2DShape) depthwiseConv(x, k, bias, y []float32) {
	size := s.OH * s.OW * s.C
	for n := range s.N {
		image := y[n*size : (n+1)*size]
		if bias == nil {
			clear(image)
		} else {
			for i := 0; i < size; i += s.C {
				copy(image[i:i+s.C], bias)
			}
		}
		s.runDepthwise(depthwiseForward, n, n+1, x, k, y)
	}
}
