//go:build amd64 && !noasm

package kernels

import (
	"fmt"
	"math"
	"testing"
)

func wino(s *Conv2DShape, x, k, bias []float32, act Activation, y []float32) {
	g := s.forward(0)
	w := planWinograd(g, s.F)
	ws := align(make([]float32, w.workspace()))
	u := ws[:w.kernelSize()]
	w.transformKernel(k, u)
	w.apply(s.N, s.OH, s.OW, x, s.H*s.W*s.C, u, y, s.OH*s.OW*s.F, bias, floorOf(act), align(ws[w.kernelSize():]))
}

func TestWino(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		if active == variantGo {
			t.Skip()
		}
		d := draw(1)
		for _, s := range []*Conv2DShape{squareConv(1, 6, 1, 3, 1, 1, false), squareConv(2, 6, 16, 3, 16, 1, false), squareConv(2, 9, 3, 3, 5, 1, true), squareConv(2, 26, 32, 3, 64, 1, false), squareConv(2, 32, 64, 3, 40, 1, true)} {
			x, k, b, dy := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK())), d.fill(make([]float32, s.F)), d.fill(make([]float32, s.sizeY()))
			o := newConvOracle(s, x, k, b, dy)
			y := make([]float32, s.sizeY())
			wino(s, x, k, b, Linear, y)
			worst := 0.0
			for i := range y {
				worst = max(worst, math.Abs(float64(y[i])-o.y[i])/o.ySize[i])
			}
			g := s.forward(0)
			w := planWinograd(g, s.F)
			tl := w.wholeTiles(s.OH, s.OW)
			dk := make([]float32, s.sizeK())
			w.kernelGrad(s.N, s.OH, s.OW, x, s.H*s.W*s.C, dy, dk, align(make([]float32, w.kernelGradWorkspace(&tl))))
			worstk := 0.0
			for i := range dk {
				worstk = max(worstk, math.Abs(float64(dk[i])-o.dk[i])/o.dkSize[i])
			}
			fmt.Println(active, s.H, s.C, s.F, worst, worstk, w.lines, g.winogradPays(s.F))
		}
	})
}

func TestWinoSpeed(t *testing.T) {
	for _, c := range convShapes[:9] {
		s := c.s
		d := draw(1)
		x, k, b := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK())), d.fill(make([]float32, s.F))
		y := make([]float32, s.sizeY())
		dy := d.fill(make([]float32, s.sizeY()))
		dk := make([]float32, s.sizeK())
		g := s.forward(0)
		w := planWinograd(g, s.F)
		tl := w.wholeTiles(s.OH, s.OW)
		ws := make([]float32, w.workspace()+w.kernelGradWorkspace(&tl)+Conv2DWorkspace(s)+Conv2DKernelGradWorkspace(s))
		fmt.Println(c.name, g.winogradPays(s.F), w.lines*w.tilesX)
		AB(2*float64(s.sizeY())*float64(9*s.C), 12, []string{"direct", "wino", "direct dk", "wino dk", "intrans", "gemm"},
			func() { Conv2D(s, x, k, b, ReLU, y, ws) },
			func() {
				ws := align(ws)
				u := ws[:w.kernelSize()]
				w.transformKernel(k, u)
				w.apply(s.N, s.OH, s.OW, x, s.H*s.W*s.C, u, y, s.OH*s.OW*s.F, b, 0, align(ws[w.kernelSize():]))
			},
			func() { Conv2DKernelGrad(s, x, dy, dk, ws) },
			func() { w.kernelGrad(s.N, s.OH, s.OW, x, s.H*s.W*s.C, dy, dk, align(ws)) },
			func() {
				v, _, border := w.split(ws)
				w.blocks(s.N, x, s.H*s.W*s.C, border, v, func(first, count int) {})
			},
			func() {
				v, m, _ := w.split(ws)
				u := ws[:w.kernelSize()]
				for first := 0; first < s.N*w.tilesY; first += w.lines {
					count := min(w.lines, s.N*w.tilesY-first)
					for point := range winoPoints {
						p := product{segments: 1, k: w.c, aRow: w.c, aStep: 1, bStep: w.width, cRow: w.f}
						for j := range w.panels {
							p.panel(count*w.tilesX, min(w.width, w.f-j*w.width), v[point*w.pointC:], u[(point*w.panels+j)*w.c*w.width:],
								m[point*w.pointF+j*w.width:], nil)
						}
					}
				}
			})
	}
}
