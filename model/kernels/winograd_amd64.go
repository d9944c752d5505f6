//go:build amd64 && !noasm

package kernels

import "math"

// Convolutions of 3 x 3 taps and stride 1 go through Winograd's minimal filtering F(4x4, 3x3): tiles of 6 x 6 pixels and
// the kernel are transformed (gen/winograd.go has the formulas), at each of 36 points the transformed pixels are
// multiplied with the transformed kernel by a matrix product over the channels, and the products are transformed back to
// 4 x 4 results. That takes 36 multiplications per channel where the definition takes 144.
//
// Tiles are done in blocks and output channels in panels, so that the points of a block and of a panel stay in the
// second-level cache.
const (
	winoTile   = 4  // results of a tile in each direction
	winoSide   = 6  // pixels, and points, of a tile in each direction
	winoPoints = 36 // points of a tile
	winoKernel = 3  // taps in each direction
	winoOnes   = 7  // the point that counts once in every result: a bias is added there

	// winoBlock is about the number of elements that the points of a block take.
	winoBlock = 1 << 17
)

// A winograd is the plan of one correlation, or of one kernel gradient, with f output channels.
type winograd struct {
	correlation
	f              int
	outH, outW     int // results of an image; oh and ow of the correlation are these, rounded up to whole tiles
	tilesY, tilesX int // tiles of an image
	lines          int // lines of tiles of a block
	width, panels  int // columns of a panel and panels of the output channels
	pointC, pointF int // elements from one point to the next, of input channels and of a panel
}

func planWinograd(g correlation, f int) winograd {
	w := winograd{correlation: g, f: f, outH: g.oh, outW: g.ow, width: 2 * lanes()}
	w.tilesY, w.tilesX = (g.oh+winoTile-1)/winoTile, (g.ow+winoTile-1)/winoTile
	w.oh, w.ow = w.tilesY*winoTile, w.tilesX*winoTile
	w.panels = panelCount(f)
	enough := (maxTileRows() + w.tilesX - 1) / w.tilesX // for good tiles of the product
	w.lines = max(winoBlock/(winoPoints*(g.c+w.width)*w.tilesX), enough)
	w.pointC, w.pointF = winoPoint(w.lines*w.tilesX*g.c), winoPoint(w.lines*w.tilesX*w.width)
	return w
}

// winoPoint rounds a point's elements up so that points lie an odd number of cache lines apart: their lines then do not
// crowd cache sets.
func winoPoint(n int) int { return (n+2*cacheLine-1)/(2*cacheLine)*2*cacheLine + cacheLine }

// winogradPays estimates whether a correlation with f output channels is faster by Winograd's filtering: by vector
// operations per image, in units of a fused multiply-add.
func (g *correlation) winogradPays(f int) bool {
	if g.kh != winoKernel || g.kw != winoKernel || g.sh != 1 || g.sw != 1 || g.dh != 1 || g.dw != 1 || g.run != g.c {
		return false
	}
	const perPoint = 10 // transforms, loads and stores of a vector, per point of it
	l := lanes()
	vectorsC, vectorsF := (g.c+l-1)/l, (f+l-1)/l
	tiles := (g.oh + winoTile - 1) / winoTile * ((g.ow + winoTile - 1) / winoTile)
	direct := g.oh * g.ow * winoKernel * winoKernel * g.c * vectorsF
	return tiles*winoPoints*(g.c*vectorsF+perPoint*(vectorsC+vectorsF)) < direct
}

// kernelSize is the length of a transformed kernel, panel by panel, point by point.
func (w *winograd) kernelSize() int { return w.panels * w.panelSize() }

// panelSize is the length of a panel of it.
func (w *winograd) panelSize() int { return winoPoints * w.c * w.width }

// cols is the number of output channels of a panel.
func (w *winograd) cols(panel int) int { return min(w.width, w.f-panel*w.width) }

// workspace is the length of the workspace of apply.
func (w *winograd) workspace() int {
	return cacheLine + w.kernelSize() + winoPoints*(w.pointC+w.pointF) + w.borderSize()
}

// apply computes the correlation of n images, sizeX elements each, with kernel k of 3 x 3 taps, each c rows of f elements
// that are ldk apart, into y, where images are sizeY elements apart. Results below floor become floor. It calls summed for images
// that are complete.
func (w *winograd) apply(n int, x []float32, sizeX int, k []float32, ldk int, bias []float32, floor float32, y []float32, sizeY int, ws []float32, around *Around, summed func(first, last int)) {
	ws = align(ws)
	u, ws := ws[:w.kernelSize()], ws[w.kernelSize():]
	v, m, border := w.split(ws)
	tap, point := w.c*ldk, w.c*w.width
	for j := range w.panels {
		runTransform(winogradKernel, w.c, w.cols(j), k[j*w.width:], ldk, winoKernel*tap, tap,
			u[j*w.panelSize():], w.width, winoSide*point, point)
	}
	var next upcoming
	dense := w.f == w.outCol && w.outRow == w.outW*w.f // y has no gaps
	w.blocks(n, x, sizeX, border, v, around, func(first, count int) {
		p := product{segments: 1, k: w.c, aRow: w.c, aStep: 1, bStep: w.width, cRow: w.width, next: &next}
		next.n = 0
		if dense {
			next.add(w.span(y, sizeY, w.outRow, first, count))
			for _, a := range around.Outputs {
				next.add(w.span(a, sizeY, w.outRow, first, count))
			}
		}
		for _, a := range around.Inputs {
			next.add(w.span(a, sizeX, w.w*w.c, first+count, count))
		}
		if around.Before == nil {
			next.add(w.span(x, sizeX, w.w*w.c, first+count, count))
		}
		next.spread(w.panels * winoPoints * tileCount(count*w.tilesX))
		for j := range w.panels {
			for i := range winoPoints {
				var under []float32
				if i == winoOnes && bias != nil {
					under = bias[j*w.width:]
				}
				p.panel(count*w.tilesX, w.cols(j), v[i*w.pointC:], u[j*w.panelSize()+i*point:], m[i*w.pointF:], under)
			}
			for i := range count {
				image, line := (first+i)/w.tilesY, (first+i)%w.tilesY
				w.results(m[i*w.tilesX*w.width:], line, w.cols(j), y[image*sizeY+line*winoTile*w.outRow+j*w.width:], floor)
			}
		}
		summed(first/w.tilesY, (first+count)/w.tilesY)
	})
}

// span is the part of images of size elements, with lines of row elements, that count lines of tiles from first on cover.
func (w *winograd) span(images []float32, size, row, first, count int) stretch {
	at := func(line int) int { return min(line/w.tilesY*size+line%w.tilesY*winoTile*row, len(images)) }
	return whole(images[at(first):at(first+count)])
}

// results transforms the points of a line of tiles to results, without those beyond the image.
func (w *winograd) results(m []float32, line, cols int, y []float32, floor float32) {
	rows, whole := min(winoTile, w.outH-line*winoTile), w.outW/winoTile
	if whole > 0 {
		runOutput(whole, cols, m, w.width, w.pointF, y, winoTile*w.outCol, w.outRow, w.outCol, rows, winoTile, floor)
	}
	if rest := w.outW - whole*winoTile; rest > 0 {
		runOutput(1, cols, m[whole*w.width:], w.width, w.pointF, y[whole*winoTile*w.outCol:], 0, w.outRow, w.outCol, rows, rest, floor)
	}
}

// split divides a workspace into the points of the input channels, of a panel of output channels, and the border.
func (w *winograd) split(ws []float32) (v, m, border []float32) {
	v, ws = ws[:winoPoints*w.pointC], ws[winoPoints*w.pointC:]
	m, ws = ws[:winoPoints*w.pointF], ws[winoPoints*w.pointF:]
	return v, m, align(ws)
}

// blocks calls visit for blocks of count lines of tiles, counted over all n images, with their pixels transformed into v.
func (w *winograd) blocks(n int, x []float32, sizeX int, border, v []float32, around *Around, visit func(first, count int)) {
	clear(border[:w.borderSize()])
	made := 0
	for first := 0; first < n*w.tilesY; first += w.lines {
		count := min(w.lines, n*w.tilesY-first)
		needed := (first + count + w.tilesY - 1) / w.tilesY
		around.before(made, needed)
		made = needed
		w.eachLine(first, count, x, sizeX, &w.correlation, border, func(i int, image []float32, width int) {
			runTransform(winogradInput, w.tilesX, w.c, image, winoTile*w.c, width*w.c, w.c,
				v[i*w.tilesX*w.c:], w.c, winoSide*w.pointC, w.pointC)
		})
		visit(first, count)
	}
}

// eachLine calls visit for the lines of tiles first to first+count of images of size elements, with the source that g
// reads from the line's first pixel on and the pixels of its lines. Lines that go into border are copied just before, so that they
// are still in the first-level cache.
func (w *winograd) eachLine(first, count int, images []float32, size int, g *correlation, border []float32, visit func(i int, image []float32, width int)) {
	inside := g.inside()
	_, extent := g.extent()
	copied := 0 // lines of the image
	for i := range count {
		line := (first + i) % w.tilesY
		at := (first + i) / w.tilesY * size
		image := images[at : at+size]
		if inside {
			visit(i, image[((g.y0+line*winoTile)*g.w+g.x0)*g.c:], g.w)
			continue
		}
		from, to := line*winoTile, line*winoTile+winoTile-1+g.kh
		if i > 0 && line > 0 {
			from = copied
		}
		g.copyLines(image, border, from, to)
		copied = to
		visit(i, border[line*winoTile*extent*g.c:], extent)
	}
}

// gradients is the correlation that reads dy in whole tiles.
func (w *winograd) gradients() correlation {
	return correlation{h: w.outH, w: w.outW, c: w.f, run: w.f, sh: 1, sw: 1, kh: 1, kw: 1, oh: w.oh, ow: w.ow}
}

// kernelGradWorkspace is the length of the workspace of kernelGrad.
func (w *winograd) kernelGradWorkspace() int {
	dy := w.gradients()
	return w.workspace() + dy.borderSize()
}

// kernelGrad computes the gradient dk with respect to the kernel from n images x, sizeX elements each, and dy. It sums the
// products of transformed pixels and transformed gradients over all tiles, block by block.
func (w *winograd) kernelGrad(n int, x []float32, sizeX int, dy, dk, ws []float32, around *Around) {
	ws = align(ws)
	u, ws := ws[:w.kernelSize()], ws[w.kernelSize():]
	v, m, borders := w.split(ws)
	gradients := w.gradients()
	border, dyBorder := borders[:w.borderSize()], borders[w.borderSize():]
	clear(dyBorder[:gradients.borderSize()])
	sizeY, point := w.outH*w.outW*w.f, w.c*w.width
	var next upcoming
	w.blocks(n, x, sizeX, border, v, around, func(first, count int) {
		p := product{segments: 1, k: count * w.tilesX, aRow: 1, aStep: w.c, bStep: w.width, cRow: w.width, next: &next}
		next.n = 0
		for _, a := range around.Inputs {
			next.add(w.span(a, sizeY, w.outW*w.f, first+count, count))
		}
		if around.Before == nil {
			next.add(w.span(dy, sizeY, w.outW*w.f, first+count, count))
		}
		next.add(w.span(x, sizeX, w.w*w.c, first+count, count))
		next.spread(w.panels * winoPoints * tileCount(w.c))
		if first > 0 {
			p.flags = tileAccumulate
		}
		for j := range w.panels {
			w.eachLine(first, count, dy, sizeY, &gradients, dyBorder, func(i int, image []float32, width int) {
				runTransform(winogradOutputGrad, w.tilesX, w.cols(j), image[j*w.width:], winoTile*w.f, width*w.f, w.f,
					m[i*w.tilesX*w.width:], w.width, winoSide*w.pointF, w.pointF)
			})
			for i := range winoPoints {
				p.panel(w.c, w.cols(j), v[i*w.pointC:], m[i*w.pointF:], u[j*w.panelSize()+i*point:], nil)
			}
		}
	})
	tap := w.c * w.f
	for j := range w.panels {
		runTransform(winogradKernelGrad, w.c, w.cols(j), u[j*w.panelSize():], w.width, winoSide*point, point,
			dk[j*w.width:], w.f, winoKernel*tap, tap)
	}
}

// A winoTransform names one of the transforms.
type winoTransform uint8

const (
	winogradInput winoTransform = iota
	winogradKernel
	winogradOutputGrad
	winogradKernelGrad
)

// runTransform applies a transform to items squares of n channels; strides are in elements.
func runTransform(t winoTransform, items, n int, in []float32, inItem, inRow, inCol int, out []float32, outItem, outRow, outCol int) {
	i, o := &in[0], &out[0]
	inItem, inRow, inCol, outItem, outRow, outCol = 4*inItem, 4*inRow, 4*inCol, 4*outItem, 4*outRow, 4*outCol
	wide := active == variantAVX512
	switch {
	case t == winogradInput && wide:
		winogradInputAVX512(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case t == winogradInput:
		winogradInputAVX2(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case t == winogradKernel && wide:
		winogradKernelAVX512(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case t == winogradKernel:
		winogradKernelAVX2(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case t == winogradOutputGrad && wide:
		winogradOutputGradAVX512(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case t == winogradOutputGrad:
		winogradOutputGradAVX2(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	case wide:
		winogradKernelGradAVX512(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	default:
		winogradKernelGradAVX2(items, n, i, inItem, inRow, inCol, o, outItem, outRow, outCol)
	}
}

// runOutput transforms the points of items tiles to rows x cols results each; strides are in elements.
func runOutput(items, n int, in []float32, inItem, point int, out []float32, outItem, outRow, outCol, rows, cols int, floor float32) {
	if active == variantAVX512 {
		winogradOutputAVX512(items, n, &in[0], 4*inItem, 4*winoSide*point, 4*point, &out[0], 4*outItem, 4*outRow, 4*outCol, rows, cols, floor)
	} else {
		winogradOutputAVX2(items, n, &in[0], 4*inItem, 4*winoSide*point, 4*point, &out[0], 4*outItem, 4*outRow, 4*outCol, rows, cols, floor)
	}
}

// floorOf is the value below which results are replaced: 0 for ReLU.
func floorOf(act Activation) float32 {
	if act == ReLU {
		return 0
	}
	return float32(math.Inf(-1))
}
