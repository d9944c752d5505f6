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

// runDepthwise does op at all taps of all windows.
func (s *Conv2DShape) runDepthwise(op depthwiseOp, x, k, y []float32) {
	w := s.window()
	w.runs(0, s.N, func(r run) {
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

// depthwiseConv computes Conv2D without its activation.
func (s *Conv2DShape) depthwiseConv(x, k, bias, y []float32) {
	if bias == nil {
		clear(y[:s.sizeY()])
	} else {
		for i := 0; i < s.sizeY(); i += s.C {
			copy(y[i:i+s.C], bias)
		}
	}
	s.runDepthwise(depthwiseForward, x, k, y)
}
