//go:build amd64 && !noasm

package kernels

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
