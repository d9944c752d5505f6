//go:build amd64 && !noasm

package kernels

import "math"

// Convolutions of 3 x 3 taps and stride 1 go through Winograd's minimal filtering F(4x4, 3x3): tiles of 6 x 6 pixels and
// the kernel are transformed (gen/winograd.go has the formulas), at each of 36 points the transformed pixels are
// multiplied with the transformed kernel by a matrix product over the channels, and the products are transformed back to
// 4 x 4 results. That takes 36 multiplications per channel where the definition takes 144.
//
// Tiles are done in blocks, so that the points of a block stay in the second-level cache.
const (
	winoTile   = 4             // results of a tile in each direction
	winoPoints = 36            // points of a transformed tile
	winoKernel = 3             // taps in each direction
	winoBlock  = 1 << 17       // elements of the points of a block, about
	winoLine   = 3 * cacheLine // between points, so that they do not crowd cache sets
)

// A winograd is the plan of one correlation or kernel gradient with c input and f output channels.
type winograd struct {
	correlation
	f      int
	tilesY int // tiles of an image
	tilesX int
	lines  int // lines of tiles of a block
	pointC int // elements from one point to the next, of c and of f channels
	pointF int
	width  int // columns of a panel
	panels int // panels of f
}

func planWinograd(g correlation, f int) winograd {
	w := winograd{correlation: g, f: f, width: 2 * lanes()}
	w.tilesY, w.tilesX = (g.oh+winoTile-1)/winoTile, (g.ow+winoTile-1)/winoTile
	perLine := winoPoints * (g.c + f) * w.tilesX
	enough := (2*maxTileRows() + w.tilesX - 1) / w.tilesX // for good tiles of the product
	w.lines = max(winoBlock/perLine, enough)
	w.pointC, w.pointF = winoPoint(w.lines*w.tilesX*g.c), winoPoint(w.lines*w.tilesX*f)
	w.panels = (f + w.width - 1) / w.width
	// The source must hold whole tiles.
	w.oh, w.ow = w.tilesY*winoTile, w.tilesX*winoTile
	return w
}

// winoPoint rounds a point's elements up so that points lie an odd number of cache lines apart.
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

// kernelSize is the length of the transformed kernel.
func (w *winograd) kernelSize() int { return winoPoints * w.panels * w.c * w.width }

// workspace is the length of the workspace of apply.
func (w *winograd) workspace() int {
	return 4*cacheLine + w.kernelSize() + winoPoints*(w.pointC+w.pointF) + w.borderSize()
}

// transformKernel brings a kernel of 3 x 3 taps of c x f elements into points and panels.
func (w *winograd) transformKernel(k, u []float32) {
	tap := w.c * w.f
	for j := range w.panels {
		cols := min(w.width, w.f-j*w.width)
		point := w.panels * w.c * w.width
		runTransform(winogradKernel, w.c, cols, k[j*w.width:], w.f, winoKernel*tap, tap,
			u[j*w.c*w.width:], w.width, 6*point, point)
	}
}

// apply computes the correlation of n images with a transformed kernel. A source image has sizeX elements; a result has
// oh x ow pixels (of the correlation as it was planned from) at y, with sizeY elements from image to image.
func (w *winograd) apply(n, oh, ow int, x []float32, sizeX int, u []float32, y []float32, sizeY int, bias []float32, floor float32, ws []float32) {
	v, m, border := w.split(ws)
	w.blocks(n, x, sizeX, border, v, func(first, count int) {
		tiles := count * w.tilesX
		for point := range winoPoints {
			p := product{segments: 1, k: w.c, aRow: w.c, aStep: 1, bStep: w.width, cRow: w.f}
			for j := range w.panels {
				p.panel(tiles, min(w.width, w.f-j*w.width), v[point*w.pointC:], u[(point*w.panels+j)*w.c*w.width:],
					m[point*w.pointF+j*w.width:], nil)
			}
		}
		for i := range count {
			image, line := (first+i)/w.tilesY, (first+i)%w.tilesY
			rows := min(winoTile, oh-line*winoTile)
			from, to := m[i*w.tilesX*w.f:], y[image*sizeY+line*winoTile*w.outRow:]
			whole := ow / winoTile
			if whole > 0 {
				runOutput(whole, w.f, from, w.f, w.pointF, to, winoTile*w.outCol, w.outRow, w.outCol, bias, rows, winoTile, floor)
			}
			if whole < w.tilesX {
				runOutput(1, w.f, from[whole*w.f:], w.f, w.pointF, to[whole*winoTile*w.outCol:], 0, w.outRow, w.outCol,
					bias, rows, ow-whole*winoTile, floor)
			}
		}
	})
}

// split divides a workspace into the points of c and of f channels and the border.
func (w *winograd) split(ws []float32) (v, m, border []float32) {
	v, ws = ws[:winoPoints*w.pointC], ws[winoPoints*w.pointC:]
	m, ws = ws[:winoPoints*w.pointF], ws[winoPoints*w.pointF:]
	return v, m, align(ws)
}

// blocks calls visit for blocks of count lines of tiles, counted over all n images, with their pixels transformed into v.
func (w *winograd) blocks(n int, x []float32, sizeX int, border, v []float32, visit func(first, count int)) {
	clear(border[:w.borderSize()])
	var image []float32
	var width int
	for first := 0; first < n*w.tilesY; first += w.lines {
		count := min(w.lines, n*w.tilesY-first)
		for i := range count {
			line := (first + i) % w.tilesY
			if line == 0 || i == 0 {
				at := (first + i) / w.tilesY * sizeX
				image, width = w.source(x[at:at+sizeX], border)
			}
			runTransform(winogradInput, w.tilesX, w.c, image[line*winoTile*width*w.c:], winoTile*w.c, width*w.c, w.c,
				v[i*w.tilesX*w.c:], w.c, 6*w.pointC, w.pointC)
		}
		visit(first, count)
	}
}

// kernelGradWorkspace is the length of the workspace of kernelGrad; dy is the correlation that reads dy in whole tiles.
func (w *winograd) kernelGradWorkspace(dy *correlation) int {
	return 4*cacheLine + winoPoints*(w.c*w.f+w.pointC+w.pointF) + w.borderSize() + dy.borderSize()
}

// wholeTiles is the correlation that reads dy, oh x ow pixels of f channels, in whole tiles.
func (w *winograd) wholeTiles(oh, ow int) correlation {
	return correlation{h: oh, w: ow, c: w.f, run: w.f, sh: 1, sw: 1, kh: 1, kw: 1, oh: w.oh, ow: w.ow}
}

// kernelGrad computes the gradient dk of n images with respect to the kernel.
func (w *winograd) kernelGrad(n, oh, ow int, x []float32, sizeX int, dy, dk, ws []float32) {
	du, ws := ws[:winoPoints*w.c*w.f], align(ws[winoPoints*w.c*w.f:])
	v, m, ws := w.split(ws)
	border, dyBorder := ws[:w.borderSize()], align(ws[w.borderSize():])
	tiled := w.wholeTiles(oh, ow)
	clear(dyBorder[:tiled.borderSize()])
	sizeY := oh * ow * w.f
	var image []float32
	var width int
	w.blocks(n, x, sizeX, border, v, func(first, count int) {
		for i := range count {
			line := (first + i) % w.tilesY
			if line == 0 || i == 0 {
				at := (first + i) / w.tilesY * sizeY
				image, width = tiled.source(dy[at:at+sizeY], dyBorder)
			}
			runTransform(winogradOutputGrad, w.tilesX, w.f, image[line*winoTile*width*w.f:], winoTile*w.f, width*w.f, w.f,
				m[i*w.tilesX*w.f:], w.f, 6*w.pointF, w.pointF)
		}
		p := product{segments: 1, k: count * w.tilesX, aRow: 1, aStep: w.c, bStep: w.f, cRow: w.f}
		if first > 0 {
			p.flags = tileAccumulate
		}
		for point := range winoPoints {
			for j := 0; j < w.f; j += w.width {
				p.panel(w.c, min(w.width, w.f-j), v[point*w.pointC:], m[point*w.pointF+j:], du[point*w.c*w.f+j:], nil)
			}
		}
	})
	tap := w.c * w.f
	runTransform(winogradKernelGrad, w.c, w.f, du, w.f, 6*tap, tap, dk, w.f, winoKernel*tap, tap)
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
func runOutput(items, n int, in []float32, inItem, point int, out []float32, outItem, outRow, outCol int, bias []float32, rows, cols int, floor float32) {
	if active == variantAVX512 {
		winogradOutputAVX512(items, n, &in[0], 4*inItem, 4*6*point, 4*point, &out[0], 4*outItem, 4*outRow, 4*outCol, ptr(bias), rows, cols, floor)
	} else {
		winogradOutputAVX2(items, n, &in[0], 4*inItem, 4*6*point, 4*point, &out[0], 4*outItem, 4*outRow, 4*outCol, ptr(bias), rows, cols, floor)
	}
}

// floorOf is the value below which results are replaced: 0 for ReLU.
func floorOf(act Activation) float32 {
	if act == ReLU {
		return 0
	}
	return float32(math.Inf(-1))
}
