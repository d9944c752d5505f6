package kernels

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

func TestStep(t *testing.T) {
	runtime.LockOSThread()
	const B = 128
	c1, c2 := squareConv(B, 28, 1, 3, 32, 1, false), squareConv(B, 26, 32, 3, 64, 1, false)
	p := poolShape(B, 24, 24, 64, 2, 2, 2, 2, [4]int{})
	al := func(n int) []float32 { d := draw(1); return d.fill(make([]float32, n)) }
	x := al(c1.sizeX())
	k1, b1, k2, b2 := al(c1.sizeK()), al(32), al(c2.sizeK()), al(64)
	w3, b3, w4, b4 := al(9216*128), al(128), al(1280), al(10)
	y1, y2, yp, am := al(c1.sizeY()), al(c2.sizeY()), al(p.sizeY()), make([]int32, p.sizeY())
	y3, y4 := al(B*128), al(B*10)
	d4, d3, dp, d2, d1 := al(B*10), al(B*128), al(p.sizeY()), al(c2.sizeY()), al(c1.sizeY())
	gk1, gb1, gk2, gb2 := al(c1.sizeK()), al(32), al(c2.sizeK()), al(64)
	gw3, gb3, gw4, gb4 := al(9216*128), al(128), al(1280), al(10)
	lab, sc, ls := al(B*10), al(B), al(B)
	ws := al(1 << 22)
	P := 1199882
	P0, G, M, V := al(P), al(P), al(P), al(P)
	type op struct {
		n string
		f func()
	}
	ops := []op{
		{"conv1", func() { Conv2D(c1, x, k1, b1, ReLU, y1, ws) }},
		{"conv2", func() { Conv2D(c2, y1, k2, b2, ReLU, y2, ws) }},
		{"pool", func() { MaxPool2D(p, y2, yp, am) }},
		{"drop1", func() { Dropout(1, 2, .25, yp, yp) }},
		{"dense3", func() { Dense(B, 128, 9216, yp, w3, b3, ReLU, y3, ws) }},
		{"drop2", func() { Dropout(1, 3, .5, y3, y3) }},
		{"dense4", func() { Dense(B, 10, 128, y3, w4, b4, Linear, y4, ws) }},
		{"loss", func() { SoftmaxCrossEntropy(B, 10, y4, lab, ls) }},
		{"lossgrad", func() { SoftmaxCrossEntropyGrad(B, 10, y4, lab, sc, d4) }},
		{"dw4", func() { Gemm(true, false, 128, 10, B, y3, 128, d4, 10, false, gw4, 10, ws); BiasGrad(B, 10, d4, gb4) }},
		{"dx4", func() { Gemm(false, true, B, 128, 10, d4, 10, w4, 10, false, d3, 128, ws) }},
		{"drop2g", func() { Dropout(1, 3, .5, d3, d3); ActivationGrad(ReLU, y3, d3, d3) }},
		{"dw3", func() {
			Gemm(true, false, 9216, 128, B, yp, 9216, d3, 128, false, gw3, 128, ws)
			BiasGrad(B, 128, d3, gb3)
		}},
		{"dx3", func() { Gemm(false, true, B, 9216, 128, d3, 128, w3, 128, false, dp, 9216, ws) }},
		{"drop1g", func() { Dropout(1, 2, .25, dp, dp) }},
		{"poolg", func() { MaxPool2DGrad(p, dp, am, d2) }},
		{"relu2g", func() { ActivationGrad(ReLU, y2, d2, d2) }},
		{"bias2", func() { BiasGrad(B*24*24, 64, d2, gb2) }},
		{"dk2", func() { Conv2DKernelGrad(c2, y1, d2, gk2, ws) }},
		{"dx2", func() { Conv2DInputGrad(c2, d2, k2, d1, ws) }},
		{"relu1g", func() { ActivationGrad(ReLU, y1, d1, d1) }},
		{"bias1", func() { BiasGrad(B*26*26, 32, d1, gb1) }},
		{"dk1", func() { Conv2DKernelGrad(c1, x, d1, gk1, ws) }},
		{"adam", func() { Adam(P0, G, M, V, .001, .9, .999, 1e-7) }},
	}
	mins := make([]time.Duration, len(ops))
	for r := range 12 {
		for i, o := range ops {
			t0 := threadTime()
			o.f()
			if d := threadTime() - t0; r == 0 || d < mins[i] {
				mins[i] = d
			}
		}
	}
	var tot time.Duration
	for i, o := range ops {
		fmt.Printf("%-10s %v\n", o.n, mins[i])
		tot += mins[i]
	}
	fmt.Println("total", tot, "samples/s", B/tot.Seconds())
}
