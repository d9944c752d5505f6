//go:build amd64 && !noasm

package kernels

// The convolutions are matrix products whose operand A is the image itself. Pixels of a line lie side by side, so the
// windows of neighbouring outputs are rows of a matrix that overlap: one output further is sw·c elements further, and
// the taps of one kernel line are one run of kw·c elements. The tile kernel takes just these strides, with the kernel's
// lines as segments. Nothing is gathered; an image is copied once, between zeros, where windows reach over its border.

// A correlation slides a kernel over one source image at a time. The forward convolution is one; the input gradient is
// one for each phase of the strides, with dy as the source and the kernel turned around.
type correlation struct {
	h, w, c        int // the source image and the elements of a pixel
	c0, run        int // the channels that are read: run from c0 on
	y0, x0         int // the source pixel under the first tap of the first output, may lie outside
	sh, sw         int // source pixels from one output to the next
	kh, kw, dh, dw int // taps and the source pixels between them
	oh, ow         int // outputs
	outRow, outCol int // elements of the result from one output to the next
}

// forward is the correlation of Conv2D for one group of channels.
func (s *Conv2DShape) forward(group int) correlation {
	run := s.C / s.Groups
	return correlation{
		h: s.H, w: s.W, c: s.C, c0: group * run, run: run,
		y0: -s.PadTop, x0: -s.PadLeft, sh: s.SH, sw: s.SW,
		kh: s.KH, kw: s.KW, dh: s.DH, dw: s.DW,
		oh: s.OH, ow: s.OW, outRow: s.OW * s.F, outCol: s.F,
	}
}

// extent is the part of the source that the windows cover, in pixels.
func (g *correlation) extent() (h, w int) {
	return (g.oh-1)*g.sh + (g.kh-1)*g.dh + 1, (g.ow-1)*g.sw + (g.kw-1)*g.dw + 1
}

// inside reports whether no window reaches over the border.
func (g *correlation) inside() bool {
	h, w := g.extent()
	return g.y0 >= 0 && g.x0 >= 0 && g.y0+h <= g.h && g.x0+w <= g.w
}

// borderSize is the length of the buffer for an image between zeros, 0 when none is needed.
func (g *correlation) borderSize() int {
	if g.inside() {
		return 0
	}
	h, w := g.extent()
	return h * w * g.c
}

// source returns the image from pixel (y0, x0) on and the pixels of its lines: src in place, or a copy in border, which
// holds zeros where the image has no pixels.
func (g *correlation) source(src, border []float32) (image []float32, width int) {
	if g.inside() {
		return src[(g.y0*g.w+g.x0)*g.c:], g.w
	}
	h, w := g.extent()
	g.copyLines(src, border, 0, h)
	return border, w
}

// copyLines copies lines from to to-1 of the extent to their places in border, those pixels that the image has.
func (g *correlation) copyLines(src, border []float32, from, to int) {
	_, w := g.extent()
	first, last := max(g.x0, 0), min(g.x0+w, g.w)
	if first >= last {
		return
	}
	for y := max(g.y0+from, 0); y < min(g.y0+to, g.h); y++ {
		copy(border[((y-g.y0)*w+first-g.x0)*g.c:], src[(y*g.w+first)*g.c:(y*g.w+last)*g.c])
	}
}

// panel computes cols channels of the result for one image. b holds kh·kw·run rows of the kernel.
func (g *correlation) panel(image []float32, width, cols int, b []float32, bStep int, y, bias []float32, flags int, next *upcoming) {
	p := product{aRow: g.sw * g.c, aStep: 1, bStep: bStep, cRow: g.outCol, next: next}
	oh, ow := g.oh, g.ow
	if g.kh == 1 && g.kw == 1 && g.sh == 1 && g.sw == 1 && width == ow && g.outRow == ow*g.outCol {
		oh, ow = 1, oh*ow // all outputs are one line
	}
	image = image[g.c0:]
	if g.run == g.c && (g.dw == 1 || g.kw == 1) {
		p.segments, p.k, p.aJump, p.flags = g.kh, g.kw*g.c, (g.dh*width-g.kw)*g.c, flags
		for i := range oh {
			p.panel(ow, cols, image[i*g.sh*width*g.c:], b, y[i*g.outRow:], bias)
		}
		return
	}
	// The taps of a line are apart: each line is a product of its own.
	p.segments, p.k, p.aJump = g.kw, g.run, g.dw*g.c-g.run
	for i := range oh {
		under := bias
		for r := range g.kh {
			p.flags = 0
			if r > 0 {
				p.flags, under = tileAccumulate, nil
			}
			if r == g.kh-1 {
				p.flags |= flags
			}
			p.panel(ow, cols, image[(i*g.sh+r*g.dh)*width*g.c:], b[r*g.kw*g.run*bStep:], y[i*g.outRow:], under)
		}
	}
}

func conv2DWorkspace(s *Conv2DShape) int {
	if active == variantGo || s.depthwise() {
		return 0
	}
	g := s.forward(0)
	if g.winogradPays(s.F) {
		w := planWinograd(g, s.F)
		return w.workspace()
	}
	return 2*cacheLine + g.borderSize() + s.panels(s.F/s.Groups)*2*lanes()*s.KH*s.KW*g.run
}

// panelCount is the number of panels of n columns.
func panelCount(n int) int { return (n + 2*lanes() - 1) / (2 * lanes()) }

// panels is the number of full panels that n columns have beyond the first: they are copied, except that a kernel of
// one panel is read in place.
func (s *Conv2DShape) panels(n int) int {
	if n <= 2*lanes() {
		return 0
	}
	return n / (2 * lanes())
}

func conv2D(s *Conv2DShape, x, k, bias []float32, e epilogue, y, ws []float32, around *Around) {
	if active == variantGo {
		conv2DGo(s, x, k, bias, e, y, around)
		return
	}
	sizeY := s.OH * s.OW * s.F // of an image
	if s.depthwise() {
		around.before(0, s.N)
		s.depthwiseConv(x, k, bias, y)
		e.rows(y, sizeY, 0, s.N, 0, sizeY)
		around.after(0, s.N)
		return
	}
	act := e.act
	if act == ReLU { // it is applied with the sums
		e.act = Linear
	}
	summed := func(first, last int) {
		e.rows(y, sizeY, first, last, 0, sizeY)
		around.after(first, last)
	}
	if g := s.forward(0); g.winogradPays(s.F) {
		w := planWinograd(g, s.F)
		w.apply(s.N, x, s.H*s.W*s.C, k, s.F, bias, floorOf(act), y, sizeY, ws, around, summed)
	} else {
		s.direct(x, k, bias, act, y, align(ws), around, summed)
	}
}

// direct computes Conv2D without dropout and any activation but ReLU. It calls summed for images that are complete.
func (s *Conv2DShape) direct(x, k, bias []float32, act Activation, y, ws []float32, around *Around, summed func(first, last int)) {
	flags := 0
	if act == ReLU {
		flags = tileReLU
	}
	fg, width := s.F/s.Groups, 2*lanes()
	sizeX, sizeY := s.H*s.W*s.C, s.OH*s.OW*s.F
	for group := range s.Groups {
		g := s.forward(group)
		taps := g.kh * g.kw * g.run
		copied := s.panels(fg) * width * taps
		kernel, border := ws[:copied], align(ws[copied:])
		f0 := group * fg
		for i := range s.panels(fg) {
			copyPanel(taps, width, k[f0+i*width:], s.F, kernel[i*width*taps:], width)
		}
		clear(border[:g.borderSize()])
		var next upcoming
		for n := range s.N {
			if group == 0 {
				around.before(n, n+1)
			}
			image, w := g.source(x[n*sizeX:(n+1)*sizeX], border)
			if taps >= prefetchInner {
				next.image(n, s.N, x, sizeX, y, sizeY, around, g.oh*tileCount(g.ow)*panelCount(fg))
			}
			for j := 0; j < fg; j += width {
				b, bStep := k[f0+j:], s.F
				if at := j * taps; at < copied {
					b, bStep = kernel[at:], width
				}
				var under []float32
				if bias != nil {
					under = bias[f0+j:]
				}
				g.panel(image, w, min(width, fg-j), b, bStep, y[n*sizeY+f0+j:(n+1)*sizeY], under, flags, &next)
			}
			if group == s.Groups-1 {
				summed(n, n+1)
			}
		}
	}
}

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

func conv2DKernelGradWorkspace(s *Conv2DShape) int {
	if active == variantGo || s.depthwise() {
		return 0
	}
	g := s.forward(0)
	if g.winogradPays(s.F) {
		w := planWinograd(g, s.F)
		return w.kernelGradWorkspace()
	}
	return cacheLine + g.borderSize()
}

// conv2DKernelGrad multiplies, for each image and each line of the kernel, the transposed image with dy: the rows of the
// product are the run of kw·c elements under a window, its inner dimension the outputs, line by line as segments. Images
// are summed one after the other.
func conv2DKernelGrad(s *Conv2DShape, x, dy, dk, ws []float32, around *Around) {
	if active == variantGo || s.N == 0 {
		conv2DKernelGradGo(s, x, dy, dk, around)
		return
	}
	if s.depthwise() {
		around.before(0, s.N)
		clear(dk[:s.sizeK()])
		s.runDepthwise(depthwiseKernelGrad, 0, s.N, x, dk, dy)
		return
	}
	sizeX, sizeY := s.H*s.W*s.C, s.OH*s.OW*s.F
	if g := s.forward(0); g.winogradPays(s.F) {
		w := planWinograd(g, s.F)
		w.kernelGrad(s.N, x, sizeX, dy, dk, ws, around)
		return
	}
	border := align(ws)
	fg, width := s.F/s.Groups, 2*lanes()
	for group := range s.Groups {
		g := s.forward(group)
		clear(border[:g.borderSize()])
		var next upcoming
		for n := range s.N {
			if group == 0 {
				around.before(n, n+1)
			}
			image, w := g.source(x[n*sizeX:(n+1)*sizeX], border)
			p := product{
				segments: s.OH, k: s.OW, aRow: 1, aStep: s.SW * s.C, aJump: (s.SH*w - s.OW*s.SW) * s.C,
				bStep: s.F, cRow: s.F, next: &next,
			}
			if n > 0 {
				p.flags = tileAccumulate
			}
			lines, rows := s.KH, s.KW*g.run // products and their rows
			if g.run != s.C || s.DW > 1 {
				lines, rows = s.KH*s.KW, g.run
			}
			if s.KH*s.KW > 1 {
				next.image(n, s.N, x, sizeX, dy, sizeY, around, lines*tileCount(rows)*panelCount(fg))
			}
			for j := group * fg; j < (group+1)*fg; j += width {
				cols := min(width, (group+1)*fg-j)
				for l := range lines {
					tap := l * rows / g.run // the first of the line
					at := (tap/s.KW*s.DH*w+tap%s.KW*s.DW)*s.C + g.c0
					p.panel(rows, cols, image[at:], dy[n*sizeY+j:], dk[l*rows*s.F+j:], nil)
				}
			}
		}
	}
}
