package kernels

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/beamfit/beamfit/model/kernels/fmapeak"
)

// bench times f, which does flop operations and moves bytes bytes, and reports
//
//	GFLOP/s  operations per second of the fastest call
//	%peak    the same as a share of the multiply-add peak of one core, measured in between
//	GB/s     bytes per second of the fastest call
//	ns-min   the fastest call
//
// Where flop or bytes is 0 the figure is left out. All are in processor time, and the fastest call and the fastest peak are
// taken, since other work on the machine disturbs both; ns/op is the mean of the wall clock, the measuring of the peak
// included.
func bench(b *testing.B, flop, bytes float64, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f()
	var peak float64
	fastest := time.Hour
	nextPeak := time.Now()
	for b.Loop() {
		start := threadTime()
		f()
		fastest = min(fastest, threadTime()-start)
		if flop > 0 && time.Now().After(nextPeak) {
			peak = max(peak, fmapeak.FLOPS(2*time.Millisecond))
			nextPeak = time.Now().Add(40 * time.Millisecond)
		}
	}
	if flop > 0 {
		b.ReportMetric(flop/fastest.Seconds()/1e9, "GFLOP/s")
		if peak > 0 {
			b.ReportMetric(100*flop/fastest.Seconds()/peak, "%peak")
		}
	}
	if bytes > 0 {
		b.ReportMetric(bytes/fastest.Seconds()/1e9, "GB/s")
	}
	b.ReportMetric(float64(fastest.Nanoseconds()), "ns-min")
}

// repeat makes one measured call out of n calls of a short kernel.
func repeat(n int, f func()) func() {
	return func() {
		for range n {
			f()
		}
	}
}

func BenchmarkGemm(b *testing.B) {
	shapes := []struct {
		name           string
		transA, transB bool
		m, n, k        int
	}{
		{"cube", false, false, 512, 512, 512},
		{"cube", false, false, 1024, 1024, 1024},
		{"cube-dx", false, true, 512, 512, 512},
		{"cube-dw", true, false, 512, 512, 512},
		{"cube-dx", false, true, 1024, 1024, 1024},
		{"cube-dw", true, false, 1024, 1024, 1024},
		{"mnist1", false, false, 128, 512, 784},
		{"mnist1-dw", true, false, 784, 512, 128},
		{"mnist2", false, false, 128, 512, 512},
		{"mnist2-dx", false, true, 128, 512, 512},
		{"mnist2-dw", true, false, 512, 512, 128},
		{"mnist3", false, false, 128, 10, 512},
		{"mnist3-dx", false, true, 128, 512, 10},
		{"mnist3-dw", true, false, 512, 10, 128},
		{"cnn-dense", false, false, 128, 128, 9216},
		{"cnn-dense-dx", false, true, 128, 9216, 128},
		{"lstm-step", false, false, 128, 512, 128},
		{"lstm-step-dh", false, false, 128, 128, 512},
		{"cnn-dense-dw", true, false, 9216, 128, 128},
	}
	for _, s := range shapes {
		b.Run(fmt.Sprintf("%s/%dx%dx%d", s.name, s.m, s.n, s.k), func(b *testing.B) {
			d := draw(1)
			x, y := d.fill(make([]float32, s.m*s.k)), d.fill(make([]float32, s.k*s.n))
			c, ws := make([]float32, s.m*s.n), make([]float32, GemmWorkspace(s.transA, s.transB, s.m, s.n, s.k))
			lda, ldb := s.k, s.n
			if s.transA {
				lda = s.m
			}
			if s.transB {
				ldb = s.k
			}
			bench(b, 2*float64(s.m)*float64(s.n)*float64(s.k), 0, func() {
				Gemm(s.transA, s.transB, s.m, s.n, s.k, x, lda, y, ldb, false, c, s.n, ws)
			})
		})
	}
}

// BenchmarkDenseSmall is the network of the iris example at batch 5, per call of 1000.
func BenchmarkDenseSmall(b *testing.B) {
	for _, s := range [][3]int{{5, 10, 4}, {5, 10, 10}, {5, 3, 10}} {
		m, n, k := s[0], s[1], s[2]
		b.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(b *testing.B) {
			d := draw(1)
			x, w, bias := d.fill(make([]float32, m*k)), d.fill(make([]float32, k*n)), d.fill(make([]float32, n))
			y, dx, dw := make([]float32, m*n), make([]float32, m*k), make([]float32, k*n)
			ws := make([]float32, 4096)
			b.Run("forward", func(b *testing.B) {
				bench(b, 0, 0, repeat(1000, func() { Dense(m, n, k, x, w, bias, ReLU, Drop{}, y, ws) }))
			})
			b.Run("dx", func(b *testing.B) {
				bench(b, 0, 0, repeat(1000, func() { Gemm(false, true, m, k, n, y, n, w, n, false, dx, k, ws) }))
			})
			b.Run("dw", func(b *testing.B) {
				bench(b, 0, 0, repeat(1000, func() { Gemm(true, false, k, n, m, x, k, y, n, false, dw, n, ws) }))
			})
		})
	}
}

// convShapes are the convolutions of the networks that the benchmarks train, at batch 32.
var convShapes = []struct {
	name string
	s    *Conv2DShape
}{
	{"mnist1", squareConv(32, 28, 1, 3, 32, 1, false)},
	{"mnist2", squareConv(32, 26, 32, 3, 64, 1, false)},
	{"cifar1", squareConv(32, 32, 3, 3, 32, 1, true)},
	{"cifar2", squareConv(32, 32, 32, 3, 32, 1, false)},
	{"cifar3", squareConv(32, 15, 32, 3, 64, 1, true)},
	{"cifar4", squareConv(32, 15, 64, 3, 64, 1, false)},
	{"resnet1", squareConv(32, 32, 16, 3, 16, 1, true)},
	{"resnet2", squareConv(32, 16, 32, 3, 32, 1, true)},
	{"resnet3", squareConv(32, 8, 64, 3, 64, 1, true)},
	{"resnet2s", squareConv(32, 32, 16, 3, 32, 2, true)},
	{"resnet3s", squareConv(32, 16, 32, 3, 64, 2, true)},
	{"resnet2p", squareConv(32, 32, 16, 1, 32, 2, true)},
	{"depthwise", convShape(32, 16, 16, 64, 3, 3, 64, 1, 1, 1, 1, 64, [4]int{1, 1, 1, 1})},
	{"resnet3p", squareConv(32, 16, 32, 1, 64, 2, true)},
}

func BenchmarkConv2D(b *testing.B) {
	for _, c := range convShapes {
		s := c.s
		d := draw(1)
		x, k := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK()))
		bias, y, dy := d.fill(make([]float32, s.F)), make([]float32, s.sizeY()), d.fill(make([]float32, s.sizeY()))
		dx, dk := make([]float32, s.sizeX()), make([]float32, s.sizeK())
		flop := 2 * float64(s.sizeY()) * float64(s.KH*s.KW*s.C/s.Groups)
		b.Run(c.name+"/forward", func(b *testing.B) {
			ws := make([]float32, Conv2DWorkspace(s))
			bench(b, flop, 0, func() { Conv2D(s, x, k, bias, ReLU, Drop{}, y, ws, Around{}) })
		})
		b.Run(c.name+"/dx", func(b *testing.B) {
			ws := make([]float32, Conv2DInputGradWorkspace(s))
			bench(b, flop, 0, func() { Conv2DInputGrad(s, dy, k, dx, ws, Around{}) })
		})
		b.Run(c.name+"/dk", func(b *testing.B) {
			ws := make([]float32, Conv2DKernelGradWorkspace(s))
			bench(b, flop, 0, func() { Conv2DKernelGrad(s, x, dy, dk, ws, Around{}) })
		})
	}
}

// BenchmarkStreams are the kernels that only pass over memory: on 4 MiB slices (third-level cache) and on 16 KiB ones.
func BenchmarkStreams(b *testing.B) {
	for _, n := range []int{1 << 12, 1 << 20} {
		d := draw(1)
		var v [5][]float32
		for i := range v {
			v[i] = d.fill(make([]float32, n))
			for j := range v[i] {
				v[i][j] = abs(v[i][j]) + 0.1
			}
		}
		for _, s := range []struct {
			name    string
			streams int // slices read plus slices written
			f       func()
		}{
			{"copy", 2, func() { copy(v[1], v[0]) }},
			{"relu", 2, func() { ActivationForward(ReLU, v[0], v[1]) }},
			{"reluGrad", 3, func() { ActivationGrad(ReLU, v[0], v[1], v[2]) }},
			{"sigmoid", 2, func() { ActivationForward(Sigmoid, v[0], v[1]) }},
			{"tanh", 2, func() { ActivationForward(Tanh, v[0], v[1]) }},
			{"exp", 2, func() { Exp(v[0], v[1]) }},
			{"log", 2, func() { Log(v[0], v[1]) }},
			{"axpy", 3, func() { axpy(1e-9, v[0], v[1]) }},
			{"roundBfloat16", 2, func() { RoundBfloat16(v[0], v[1]) }},
			{"sum64", 1, func() { Sum64(v[0]) }},
			{"dropout", 2, func() { Dropout(Drop{1, 2, 0.5}, v[0], v[1]) }},
			{"sgd", 3, func() { SGD(v[3], v[0], 1e-9) }},
			{"momentum", 5, func() { SGDMomentum(v[3], v[0], v[4], 1e-9, 0.9, false) }},
			{"rmsprop", 5, func() { RMSprop(v[3], v[0], v[4], nil, nil, 1e-9, 0.9, 0, 1e-7) }},
			{"adam", 7, func() { Adam(v[3], v[0], v[4], v[2], 1e-9, 0.9, 0.999, 1e-7) }},
			{"adadelta", 7, func() { Adadelta(v[3], v[0], v[4], v[2], 1e-9, 0.9, 1e-7) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				bench(b, 0, float64(4*n*s.streams), s.f)
			})
		}
	}
}

// BenchmarkColumns are the sums over rows and batch normalisation, on images of the networks at batch 32.
func BenchmarkColumns(b *testing.B) {
	for _, s := range [][2]int{{32 * 32 * 32, 16}, {32 * 16 * 16, 32}, {32 * 24 * 24, 64}, {128, 512}} {
		rows, c := s[0], s[1]
		d := draw(1)
		x, dy, y := d.fill(make([]float32, rows*c)), d.fill(make([]float32, rows*c)), make([]float32, rows*c)
		p := [5][]float32{}
		for i := range p {
			p[i] = make([]float32, c)
		}
		sums, bias, factors := make([]float64, 2*c), make([]float64, BiasSums(c)), NewBatchNormFactors(c)
		for _, k := range []struct {
			name    string
			streams int
			f       func()
		}{
			{"biasGrad", 1, func() { BiasGradSums(rows, c, dy, bias) }},
			{"reluBiasGrad", 3, func() { ActivationBiasGrad(ReLU, 0, rows, c, x, dy, y, bias) }},
			{"reluBiasGrad/apart", 4, func() {
				ActivationGrad(ReLU, x, dy, y)
				BiasGradSums(rows, c, y, bias)
			}},
			{"batchNorm", 3, func() {
				clear(sums)
				BatchNormSums(rows, c, x, sums)
				BatchNormMoments(c, rows, sums, 1e-3, p[2], p[3], p[4])
				BatchNormTrain(rows, c, x, p[0], p[1], p[2], p[4], y)
			}},
			{"batchNormGrad", 5, func() {
				clear(sums)
				BatchNormGradSums(rows, c, x, dy, p[2], sums)
				factors.Set(rows, sums, p[0], p[4])
				BatchNormGrad(rows, c, x, dy, p[2], factors, y)
			}},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", k.name, rows, c), func(b *testing.B) { bench(b, 0, float64(4*rows*c*k.streams), k.f) })
		}
	}
}

func BenchmarkSoftmax(b *testing.B) {
	for _, s := range [][2]int{{5, 3}, {128, 10}, {32, 1000}} {
		rows, n := s[0], s[1]
		d := draw(1)
		x, y, labels := d.fill(make([]float32, rows*n)), make([]float32, rows*n), make([]float32, rows*n)
		losses, scale := make([]float32, rows), make([]float32, rows)
		for r := range rows {
			labels[r*n] = 1
		}
		for name, f := range map[string]func(){
			"softmax": func() { Softmax(rows, n, x, y) },
			"loss":    func() { SoftmaxCrossEntropy(rows, n, x, labels, losses) },
			"grad":    func() { SoftmaxCrossEntropyGrad(rows, n, x, labels, scale, y) },
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", name, rows, n), func(b *testing.B) {
				bench(b, 0, float64(8*rows*n), repeat(100, f))
			})
		}
	}
}

func BenchmarkPool2D(b *testing.B) {
	for _, s := range []*Pool2DShape{
		poolShape(32, 24, 24, 64, 2, 2, 2, 2, [4]int{}),
		poolShape(32, 8, 8, 64, 8, 8, 8, 8, [4]int{}),
	} {
		d := draw(1)
		x, y, argmax := d.fill(make([]float32, s.sizeX())), make([]float32, s.sizeY()), make([]int32, s.sizeY())
		name := fmt.Sprintf("%dx%dx%d/%dx%d", s.H, s.W, s.C, s.KH, s.KW)
		bytes := float64(4 * (s.sizeX() + 2*s.sizeY()))
		b.Run("max/"+name, func(b *testing.B) { bench(b, 0, bytes, func() { MaxPool2D(s, x, y, argmax) }) })
		b.Run("maxGrad/"+name, func(b *testing.B) { bench(b, 0, bytes, func() { MaxPool2DGrad(s, y, argmax, x) }) })
		b.Run("avg/"+name, func(b *testing.B) { bench(b, 0, bytes, func() { AvgPool2D(s, x, y) }) })
		b.Run("avgGrad/"+name, func(b *testing.B) { bench(b, 0, bytes, func() { AvgPool2DGrad(s, y, x) }) })
	}
}

// BenchmarkRecurrent is an LSTM, and a GRU, of 128 units over 80 steps of 128 rows, without the product with its input. The gates
// are in the place of the projected input, and their gradients take it, as in plans.
func BenchmarkRecurrent(b *testing.B) {
	for _, cell := range []Cell{LSTMCell, GRUResetAfterCell} {
		s := &RecurrentShape{Cell: cell, T: 80, B: 128, U: 128, Act: Tanh, Gate: Sigmoid, Keep: true}
		d := draw(1)
		width := s.Gates() * s.U
		array := func(n int) []float32 { return d.fill(make([]float32, n)) }
		z, r, dh := array(s.T*s.B*width), array(s.U*width), array(s.B*s.U)
		memory, h, dinner := array(s.MemoryLen()), array(s.StatesLen()), array(s.MemoryLen())
		for i := range r {
			r[i] /= 16
		}
		flop := 2 * float64(s.T) * float64(s.B) * float64(s.U) * float64(width)
		ws := make([]float32, RecurrentWorkspace(s))
		b.Run(fmt.Sprintf("forward/%d", cell), func(b *testing.B) {
			bench(b, flop, 0, func() { Recurrent(s, z, r, nil, nil, nil, z, memory, h, ws) })
		})
		gradWS := make([]float32, RecurrentGradWorkspace(s))
		b.Run(fmt.Sprintf("grad/%d", cell), func(b *testing.B) {
			bench(b, flop, 0, func() { RecurrentGrad(s, dh, r, nil, nil, z, memory, h, z, dinner, gradWS) })
		})
		kernelWS := make([]float32, RecurrentKernelGradWorkspace(s, false))
		b.Run(fmt.Sprintf("kernel-grad/%d", cell), func(b *testing.B) {
			bench(b, flop, 0, func() { RecurrentKernelGrad(s, h, memory, z, dinner, nil, r, kernelWS) })
		})
	}
}
