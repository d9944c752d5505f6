//go:build amd64 && !noasm

package kernels

// A phase is the input gradient for the pixels h = h0 + i·SH, w = w0 + j·SW: the correlation of dy with the taps that
// meet them, in reverse order.
type phase struct {
	correlation
	h0, w0 int // first pixel
	th, tw int // last tap, the first to be used
	qh, qw int // taps from one used to the next
}

// phase returns a phase for one group of channels and whether any tap and any pixel belong to it.
func (s *Conv2DShape) phase(group, h0, w0 int) (phase, bool) {
	run := s.F / s.Groups
	p := phase{h0: h0, w0: w0}
	p.correlation = correlation{
		h: s.OH, w: s.OW, c: s.F, c0: group * run, run: run, sh: 1, sw: 1,
		outRow: s.SH * s.W * s.C, outCol: s.SW * s.C,
	}
	p.kh, p.th, p.qh, p.dh, p.y0 = phaseTaps(h0+s.PadTop, s.KH, s.SH, s.DH)
	p.kw, p.tw, p.qw, p.dw, p.x0 = phaseTaps(w0+s.PadLeft, s.KW, s.SW, s.DW)
	p.oh, p.ow = (s.H-h0+s.SH-1)/s.SH, (s.W-w0+s.SW-1)/s.SW
	return p, p.kh > 0 && p.kw > 0 && p.oh > 0 && p.ow > 0
}

// phaseTaps finds, in one direction, the taps t with (at - t·dilation) divisible by stride: their number, the last of
// them, the taps from one to the next, the outputs from one to the next, and the output that the last tap meets.
func phaseTaps(at, taps, stride, dilation int) (n, last, step, apart, first int) {
	for t := range taps {
		if (at-t*dilation)%stride == 0 {
			if n == 1 {
				step = t - last
			}
			n, last = n+1, t
		}
	}
	return n, last, step, step * dilation / stride, (at - last*dilation) / stride
}

func conv2DInputGradWorkspace(s *Conv2DShape) int {
	if active == variantGo || s.depthwise() {
		return 0
	}
	size := 0
	for h0 := range s.SH {
		for w0 := range s.SW {
			if p, ok := s.phase(0, h0, w0); ok {
				if p.winogradPays(s.C) {
					w := planWinograd(p.correlation, s.C)
					size = max(size, w.workspace())
				} else {
					size = max(size, p.borderSize())
				}
			}
		}
	}
	return 2*cacheLine + size + s.kernelPanels()
}

// kernelPanels is the size of the transposed kernel of a group as panels over its channels.
func (s *Conv2DShape) kernelPanels() int {
	return panelCount(s.C/s.Groups) * 2 * lanes() * s.KH * s.KW * s.F / s.Groups
}

func conv2DInputGrad(s *Conv2DShape, dy, k, dx, ws []float32, around *Around) {
	if active == variantGo {
		conv2DInputGradGo(s, dy, k, dx, around)
		return
	}
	if !s.depthwise() && s.SH*s.SW*s.Groups == 1 {
		s.inputGrad(dy, k, dx, ws, around)
		return
	}
	around.before(0, s.N) // no image is complete before all phases are
	if s.depthwise() {
		clear(dx[:s.sizeX()])
		s.runDepthwise(depthwiseInputGrad, 0, s.N, dx, k, dy)
	} else {
		s.inputGrad(dy, k, dx, ws, &Around{})
	}
	around.after(0, s.N)
}

// inputGrad computes Conv2DInputGrad phase by phase, and does what is around a phase.
func (s *Conv2DShape) inputGrad(dy, k, dx, ws []float32, around *Around) {
	ws = align(ws)
	for h0 := range s.SH {
		for w0 := range s.SW {
			for group := range s.Groups {
				p, ok := s.phase(group, h0, w0)
				if ok {
					s.inputGradPhase(&p, group, dy, k, dx, ws, around)
				} else {
					s.clearPhase(&p, group, dx)
				}
			}
		}
	}
}

// clearPhase sets the gradient of pixels that no tap meets to zero.
func (s *Conv2DShape) clearPhase(p *phase, group int, dx []float32) {
	cg := s.C / s.Groups
	for n := range s.N {
		for h := p.h0; h < s.H; h += s.SH {
			for w := p.w0; w < s.W; w += s.SW {
				clear(dx[((n*s.H+h)*s.W+w)*s.C+group*cg:][:cg])
			}
		}
	}
}

func (s *Conv2DShape) inputGradPhase(p *phase, group int, dy, k, dx, ws []float32, around *Around) {
	cg, width := s.C/s.Groups, 2*lanes()
	taps := p.kh * p.kw
	rows := taps * p.run // of a panel
	kernel, ws := ws[:s.kernelPanels()], ws[s.kernelPanels():]
	// transposed writes cols channels from j on of the kernel's taps, in the order of the phase.
	transposed := func(j, cols int, to []float32, width int) {
		for t := range taps {
			tap := (p.th-t/p.kw*p.qh)*s.KW + p.tw - t%p.kw*p.qw
			transposePanel(cols, p.run, k[(tap*cg+j)*s.F+p.c0:], s.F, to[t*p.run*width:], width)
		}
	}
	if p.winogradPays(s.C) { // all channels are one group
		whole := (s.C + width - 1) / width * width
		transposed(0, s.C, kernel, whole)
		w := planWinograd(p.correlation, s.C)
		w.apply(s.N, dy, s.OH*s.OW*s.F, kernel, whole, nil, floorOf(Linear), dx[(p.h0*s.W+p.w0)*s.C:], s.H*s.W*s.C, ws, around, around.after)
		return
	}
	border := align(ws)
	for j := 0; j < cg; j += width {
		transposed(j, min(width, cg-j), kernel[j*rows:], width)
	}
	clear(border[:p.borderSize()])
	sizeX, sizeY := s.H*s.W*s.C, s.OH*s.OW*s.F
	var next upcoming
	for n := range s.N {
		around.before(n, n+1)
		image, w := p.source(dy[n*sizeY:(n+1)*sizeY], border)
		if s.SH == 1 && s.SW == 1 { // else every phase would fetch the same
			next.image(n, s.N, dy, sizeY, dx, sizeX, around, p.oh*tileCount(p.ow)*panelCount(cg))
		}
		out := dx[n*sizeX+(p.h0*s.W+p.w0)*s.C+group*cg : (n+1)*sizeX]
		for j := 0; j < cg; j += width {
			p.panel(image, w, min(width, cg-j), kernel[j*rows:], width, out[j:], nil, 0, &next)
		}
		around.after(n, n+1)
	}
}
