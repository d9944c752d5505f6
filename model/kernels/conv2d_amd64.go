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
