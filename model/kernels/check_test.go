package kernels

import (
	"fmt"
	"strings"
	"testing"
)

// TestContractsAreChecked calls every exported kernel with one argument too short, in every variant: the panic names the
// kernel and the argument.
func TestContractsAreChecked(t *testing.T) {
	x := func(n int) []float32 { return make([]float32, n) }
	conv := squareConv(1, 5, 3, 3, 4, 1, true)
	pool := poolShape(1, 4, 4, 3, 2, 2, 2, 2, [4]int{})
	d := func(n int) []float64 { return make([]float64, n) }
	index := func(n int) []int32 { return make([]int32, n) }
	lstm := &RecurrentShape{Cell: LSTMCell, T: 3, B: 2, U: 2, Act: Tanh, Gate: Sigmoid, Keep: true}
	ws := x(1 << 16)
	for _, c := range []struct {
		kernel, arg string
		call        func()
	}{
		{"Gemm", "a", func() { Gemm(false, false, 2, 3, 4, x(7), 4, x(12), 3, false, x(6), 3, ws) }},
		{"Gemm", "a", func() { Gemm(true, false, 2, 3, 4, x(7), 2, x(12), 3, false, x(6), 3, ws) }},
		{"Gemm", "b", func() { Gemm(false, false, 2, 3, 4, x(8), 4, x(11), 3, false, x(6), 3, ws) }},
		{"Gemm", "b", func() { Gemm(false, true, 2, 3, 4, x(8), 4, x(11), 4, false, x(6), 3, ws) }},
		{"Gemm", "c", func() { Gemm(false, false, 2, 3, 4, x(8), 4, x(12), 3, false, x(5), 3, ws) }},
		{"Gemm", "leading dimension of a", func() { Gemm(false, false, 2, 3, 4, x(99), 3, x(12), 3, false, x(6), 3, ws) }},
		{"Gemm", "leading dimension of b", func() { Gemm(false, false, 2, 3, 4, x(99), 4, x(99), 2, false, x(6), 3, ws) }},
		{"Gemm", "leading dimension of c", func() { Gemm(false, false, 2, 3, 4, x(99), 4, x(99), 3, false, x(99), 2, ws) }},
		{"Gemm", "sizes", func() { Gemm(false, false, -1, 3, 4, x(99), 4, x(99), 3, false, x(99), 3, ws) }},
		{"Dense", "x", func() { Dense(2, 3, 4, x(7), x(12), x(3), ReLU, Drop{}, x(6), ws) }},
		{"Dense", "w", func() { Dense(2, 3, 4, x(8), x(11), x(3), ReLU, Drop{}, x(6), ws) }},
		{"Dense", "bias", func() { Dense(2, 3, 4, x(8), x(12), x(2), ReLU, Drop{}, x(6), ws) }},
		{"Dense", "y", func() { Dense(2, 3, 4, x(8), x(12), x(3), ReLU, Drop{}, x(5), ws) }},
		{"Dense", "unknown activation", func() { Dense(2, 3, 4, x(8), x(12), x(3), numActivations, Drop{}, x(6), ws) }},
		{"BiasGradSums", "dz", func() { BiasGradSums(2, 3, x(5), d(16)) }},
		{"BiasGradSums", "sums", func() { BiasGradSums(2, 3, x(6), d(15)) }},
		{"BiasGrad", "sums", func() { BiasGrad(d(2), x(3)) }},
		{"Conv2D", "x", func() { Conv2D(conv, x(74), x(108), x(4), ReLU, Drop{}, x(100), ws, Around{}) }},
		{"Conv2D", "k", func() { Conv2D(conv, x(75), x(107), x(4), ReLU, Drop{}, x(100), ws, Around{}) }},
		{"Conv2D", "bias", func() { Conv2D(conv, x(75), x(108), x(3), ReLU, Drop{}, x(100), ws, Around{}) }},
		{"Conv2D", "y", func() { Conv2D(conv, x(75), x(108), x(4), ReLU, Drop{}, x(99), ws, Around{}) }},
		{"Conv2DInputGrad", "dy", func() { Conv2DInputGrad(conv, x(99), x(108), x(75), ws, Around{}) }},
		{"Conv2DInputGrad", "k", func() { Conv2DInputGrad(conv, x(100), x(107), x(75), ws, Around{}) }},
		{"Conv2DInputGrad", "dx", func() { Conv2DInputGrad(conv, x(100), x(108), x(74), ws, Around{}) }},
		{"Conv2DKernelGrad", "x", func() { Conv2DKernelGrad(conv, x(74), x(100), x(108), ws, Around{}) }},
		{"Conv2DKernelGrad", "dy", func() { Conv2DKernelGrad(conv, x(75), x(99), x(108), ws, Around{}) }},
		{"Conv2DKernelGrad", "dk", func() { Conv2DKernelGrad(conv, x(75), x(100), x(107), ws, Around{}) }},
		{"MaxPool2D", "x", func() { MaxPool2D(pool, x(47), x(12), index(12)) }},
		{"MaxPool2D", "y", func() { MaxPool2D(pool, x(48), x(11), index(12)) }},
		{"MaxPool2D", "argmax", func() { MaxPool2D(pool, x(48), x(12), index(11)) }},
		{"MaxPool2DGrad", "dy", func() { MaxPool2DGrad(pool, x(11), index(12), x(48)) }},
		{"MaxPool2DGrad", "argmax", func() { MaxPool2DGrad(pool, x(12), index(11), x(48)) }},
		{"MaxPool2DGrad", "dx", func() { MaxPool2DGrad(pool, x(12), index(12), x(47)) }},
		{"AvgPool2D", "x", func() { AvgPool2D(pool, x(47), x(12)) }},
		{"AvgPool2D", "y", func() { AvgPool2D(pool, x(48), x(11)) }},
		{"AvgPool2DGrad", "dy", func() { AvgPool2DGrad(pool, x(11), x(48)) }},
		{"AvgPool2DGrad", "dx", func() { AvgPool2DGrad(pool, x(12), x(47)) }},
		{"BatchNormSums", "x", func() { BatchNormSums(2, 3, x(5), d(6)) }},
		{"BatchNormSums", "sums", func() { BatchNormSums(2, 3, x(6), d(5)) }},
		{"BatchNormMoments", "batch", func() { BatchNormMoments(3, 0, d(6), 1, x(3), x(3), x(3)) }},
		{"BatchNormMoments", "sums", func() { BatchNormMoments(3, 2, d(11), 1, x(3), x(3), x(3)) }},
		{"BatchNormMoments", "mean", func() { BatchNormMoments(3, 2, d(6), 1, x(2), x(3), x(3)) }},
		{"BatchNormMoments", "variance", func() { BatchNormMoments(3, 2, d(6), 1, x(3), x(2), x(3)) }},
		{"BatchNormMoments", "invstd", func() { BatchNormMoments(3, 2, d(6), 1, x(3), x(3), x(2)) }},
		{"BatchNormTrain", "x", func() { BatchNormTrain(2, 3, x(5), x(3), x(3), x(3), x(3), x(6)) }},
		{"BatchNormTrain", "gamma", func() { BatchNormTrain(2, 3, x(6), x(2), x(3), x(3), x(3), x(6)) }},
		{"BatchNormTrain", "beta", func() { BatchNormTrain(2, 3, x(6), x(3), x(2), x(3), x(3), x(6)) }},
		{"BatchNormTrain", "mean", func() { BatchNormTrain(2, 3, x(6), x(3), x(3), x(2), x(3), x(6)) }},
		{"BatchNormTrain", "invstd", func() { BatchNormTrain(2, 3, x(6), x(3), x(3), x(3), x(2), x(6)) }},
		{"BatchNormTrain", "y", func() { BatchNormTrain(2, 3, x(6), x(3), x(3), x(3), x(3), x(5)) }},
		{"BatchNormInfer", "mean", func() { BatchNormInfer(2, 3, x(6), x(3), x(3), x(2), x(3), 1, x(6), x(3)) }},
		{"BatchNormInfer", "variance", func() { BatchNormInfer(2, 3, x(6), x(3), x(3), x(3), x(2), 1, x(6), x(3)) }},
		{"BatchNormInfer", "ws", func() { BatchNormInfer(2, 3, x(6), x(3), x(3), x(3), x(3), 1, x(6), x(2)) }},
		{"BatchNormGradSums", "dy", func() { BatchNormGradSums(2, 3, x(6), x(5), x(3), d(6)) }},
		{"BatchNormGradSums", "mean", func() { BatchNormGradSums(2, 3, x(6), x(6), x(2), d(6)) }},
		{"BatchNormGradSums", "sums", func() { BatchNormGradSums(2, 3, x(6), x(6), x(3), d(5)) }},
		{"BatchNormWeightGrad", "sums", func() { BatchNormWeightGrad(3, d(5), x(3), x(3), x(3)) }},
		{"BatchNormWeightGrad", "invstd", func() { BatchNormWeightGrad(3, d(6), x(2), x(3), x(3)) }},
		{"BatchNormWeightGrad", "dgamma", func() { BatchNormWeightGrad(3, d(6), x(3), x(2), x(3)) }},
		{"BatchNormWeightGrad", "dbeta", func() { BatchNormWeightGrad(3, d(6), x(3), x(3), x(2)) }},
		{"BatchNormFactors", "batch", func() { NewBatchNormFactors(3).Set(0, d(6), nil, x(3)) }},
		{"BatchNormFactors", "sums", func() { NewBatchNormFactors(3).Set(2, d(7), nil, x(3)) }},
		{"BatchNormFactors", "gamma", func() { NewBatchNormFactors(3).Set(2, d(6), x(2), x(3)) }},
		{"BatchNormFactors", "invstd", func() { NewBatchNormFactors(3).Set(2, d(6), nil, x(2)) }},
		{"BatchNormGrad", "dy", func() { BatchNormGrad(2, 3, x(6), x(5), x(3), NewBatchNormFactors(3), x(6)) }},
		{"BatchNormGrad", "mean", func() { BatchNormGrad(2, 3, x(6), x(6), x(2), NewBatchNormFactors(3), x(6)) }},
		{"BatchNormGrad", "factors", func() { BatchNormGrad(2, 3, x(6), x(6), x(3), NewBatchNormFactors(2), x(6)) }},
		{"BatchNormGrad", "dx", func() { BatchNormGrad(2, 3, x(6), x(6), x(3), NewBatchNormFactors(3), x(5)) }},
		{"UpdateMoving", "moving", func() { UpdateMoving(0.9, x(3), x(2)) }},
		{"ActivationForward", "y", func() { ActivationForward(ReLU, x(3), x(4)) }},
		{"ActivationGrad", "dy", func() { ActivationGrad(ReLU, x(3), x(2), x(3)) }},
		{"ReLUDropoutGrad", "dy", func() { ReLUDropoutGrad(0.5, x(3), x(2), x(3)) }},
		{"ReLUDropoutGrad", "dx", func() { ReLUDropoutGrad(0.5, x(3), x(3), x(2)) }},
		{"ActivationGrad", "dx", func() { ActivationGrad(ReLU, x(3), x(3), x(2)) }},
		{"ActivationGradX", "dx", func() { ActivationGradX(GELU, x(3), x(3), x(2)) }},
		{"Softmax", "y", func() { Softmax(2, 3, x(6), x(5)) }},
		{"Softmax", "a row", func() { Softmax(2, 0, x(6), x(6)) }},
		{"SoftmaxGrad", "dy", func() { SoftmaxGrad(2, 3, x(6), x(5), x(6)) }},
		{"SoftmaxCrossEntropy", "labels", func() { SoftmaxCrossEntropy(2, 3, x(6), x(5), x(2)) }},
		{"SoftmaxCrossEntropy", "losses", func() { SoftmaxCrossEntropy(2, 3, x(6), x(6), x(1)) }},
		{"SoftmaxCrossEntropyGrad", "scale", func() { SoftmaxCrossEntropyGrad(2, 3, x(6), x(6), x(1), x(6)) }},
		{"SoftmaxCrossEntropyGrad", "dx", func() { SoftmaxCrossEntropyGrad(2, 3, x(6), x(6), x(2), x(5)) }},
		{"Dropout", "y", func() { Dropout(Drop{1, 1, 0.5}, x(3), x(2)) }},
		{"SGD", "g", func() { SGD(x(3), x(2), 1) }},
		{"SGDMomentum", "v", func() { SGDMomentum(x(3), x(3), x(2), 1, 1, false) }},
		{"RMSprop", "s", func() { RMSprop(x(3), x(3), x(2), nil, nil, 1, 1, 1, 1) }},
		{"RMSprop", "mom", func() { RMSprop(x(3), x(3), x(3), x(2), nil, 1, 1, 1, 1) }},
		{"RMSprop", "mg", func() { RMSprop(x(3), x(3), x(3), nil, x(2), 1, 1, 1, 1) }},
		{"Adam", "m", func() { Adam(x(3), x(3), x(2), x(3), 1, 1, 1, 1) }},
		{"Adam", "v", func() { Adam(x(3), x(3), x(3), x(2), 1, 1, 1, 1) }},
		{"AMSGrad", "vhat", func() { AMSGrad(x(3), x(3), x(3), x(3), x(2), 1, 1, 1, 1) }},
		{"Adagrad", "s", func() { Adagrad(x(3), x(3), x(2), 1, 1) }},
		{"Adadelta", "u", func() { Adadelta(x(3), x(3), x(3), x(2), 1, 1, 1) }},
		{"Adamax", "u", func() { Adamax(x(3), x(3), x(3), x(2), 1, 1, 1, 1) }},
		{"Nadam", "v", func() { Nadam(x(3), x(3), x(3), x(2), 1, 1, 1, 1, 1, 1, 1) }},
		{"Ftrl", "z", func() { Ftrl(x(3), x(3), x(3), x(2), FtrlOptions{LearningRate: 1}) }},
		{"Recurrent", "z", func() { Recurrent(lstm, x(47), x(16), nil, nil, nil, x(48), x(12), x(12), ws) }},
		{"Recurrent", "r", func() { Recurrent(lstm, x(48), x(15), nil, nil, nil, x(48), x(12), x(12), ws) }},
		{"Recurrent", "bias", func() { Recurrent(lstm, x(48), x(16), x(15), nil, nil, x(48), x(12), x(12), ws) }},
		{"Recurrent", "mask", func() { Recurrent(lstm, x(48), x(16), nil, x(5), nil, x(48), x(12), x(12), ws) }},
		{"Recurrent", "drop", func() { Recurrent(lstm, x(48), x(16), nil, nil, x(15), x(48), x(12), x(12), ws) }},
		{"Recurrent", "gates", func() { Recurrent(lstm, x(48), x(16), nil, nil, nil, x(47), x(12), x(12), ws) }},
		{"Recurrent", "memory", func() { Recurrent(lstm, x(48), x(16), nil, nil, nil, x(48), x(11), x(12), ws) }},
		{"Recurrent", "h", func() { Recurrent(lstm, x(48), x(16), nil, nil, nil, x(48), x(12), x(11), ws) }},
		{"Recurrent", "inconsistent shape", func() { Recurrent(&RecurrentShape{}, nil, nil, nil, nil, nil, nil, nil, nil, nil) }},
		{"Recurrent", "the output of gelu", func() {
			Recurrent(&RecurrentShape{T: 1, B: 1, U: 1, Act: GELU}, nil, nil, nil, nil, nil, nil, nil, nil, nil)
		}},
		{"RecurrentGrad", "dh", func() { RecurrentGrad(lstm, x(3), x(16), nil, nil, x(48), x(12), x(12), x(48), nil, ws) }},
		{"RecurrentGrad", "gates", func() { RecurrentGrad(lstm, x(4), x(16), nil, nil, x(47), x(12), x(12), x(48), nil, ws) }},
		{"RecurrentGrad", "memory", func() { RecurrentGrad(lstm, x(4), x(16), nil, nil, x(48), x(11), x(12), x(48), nil, ws) }},
		{"RecurrentGrad", "h", func() { RecurrentGrad(lstm, x(4), x(16), nil, nil, x(48), x(12), x(11), x(48), nil, ws) }},
		{"RecurrentGrad", "dz", func() { RecurrentGrad(lstm, x(4), x(16), nil, nil, x(48), x(12), x(12), x(47), nil, ws) }},
		{"RecurrentKernelGrad", "dr", func() { RecurrentKernelGrad(lstm, x(12), nil, x(48), nil, nil, x(15), ws) }},
		{"Mask", "mask", func() { Mask(3, 2, 0, x(6), x(2)) }},
		{"MaskRows", "y", func() { MaskRows(3, 2, x(6), x(3), x(5)) }},
		{"MaskedMean", "mask", func() { MaskedMean(3, 2, 1, x(6), x(5), x(3)) }},
		{"MaskedMeanGrad", "dx", func() { MaskedMeanGrad(3, 2, 1, x(3), x(6), x(5)) }},
		{"Reverse", "y", func() { Reverse(3, 2, x(6), x(5)) }},
		{"Add", "dst", func() { Add(x(3), x(3), x(2)) }},
		{"Mul", "y", func() { Mul(x(3), x(2), x(3)) }},
		{"Scale", "dst", func() { Scale(1, x(3), x(2)) }},
		{"RoundBfloat16", "dst", func() { RoundBfloat16(x(3), x(2)) }},
		{"Exp", "y", func() { Exp(x(3), x(2)) }},
		{"Log", "y", func() { Log(x(3), x(2)) }},
	} {
		for _, v := range available() {
			before := active
			active = v
			p := fmt.Sprint(panics(c.call))
			active = before
			if !strings.HasPrefix(p, "kernels: "+c.kernel+": "+c.arg) {
				t.Errorf("%v: %s with short %s: panic %q", v, c.kernel, c.arg, p)
			}
		}
	}
}

// TestWorkspaceIsChecked: each workspace function names the least length that its kernel takes.
func TestWorkspaceIsChecked(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		s := squareConv(1, 9, 20, 3, 40, 1, true)
		lstm := &RecurrentShape{Cell: LSTMCell, T: 2, B: 20, U: 20, Act: Tanh, Gate: Sigmoid, Keep: true}
		a, b, c := make([]float32, 100*100), make([]float32, 100*100), make([]float32, 100*100)
		for name, k := range map[string]struct {
			size int
			call func(ws []float32)
		}{
			"Gemm": {
				GemmWorkspace(false, true, 90, 80, 70),
				func(ws []float32) { Gemm(false, true, 90, 80, 70, a, 100, b, 100, false, c, 100, ws) },
			},
			"Dense": {DenseWorkspace(90, 80, 64), func(ws []float32) { Dense(90, 80, 64, a, b, nil, Linear, Drop{}, c, ws) }},
			"Conv2D": {
				Conv2DWorkspace(s), func(ws []float32) { Conv2D(s, a, b, nil, Linear, Drop{}, c, ws, Around{}) },
			},
			"Recurrent": {RecurrentWorkspace(lstm), func(ws []float32) { Recurrent(lstm, a, b, nil, nil, nil, c[:3200], c[:800], c[:800], ws) }},
			"RecurrentGrad": {RecurrentGradWorkspace(lstm), func(ws []float32) {
				RecurrentGrad(lstm, a, b, nil, nil, a, a, a, c, nil, ws)
			}},
			"RecurrentKernelGrad": {RecurrentKernelGradWorkspace(lstm, true), func(ws []float32) {
				RecurrentKernelGrad(lstm, a, a, a, nil, b, c, ws)
			}},
			"Conv2DInputGrad":  {Conv2DInputGradWorkspace(s), func(ws []float32) { Conv2DInputGrad(s, a, b, c, ws, Around{}) }},
			"Conv2DKernelGrad": {Conv2DKernelGradWorkspace(s), func(ws []float32) { Conv2DKernelGrad(s, a, b, c, ws, Around{}) }},
		} {
			if p := panics(func() { k.call(make([]float32, k.size)) }); p != nil {
				t.Errorf("%s: workspace of %d: %v", name, k.size, p)
			}
			if k.size == 0 {
				continue
			}
			p := fmt.Sprint(panics(func() { k.call(make([]float32, k.size-1)) }))
			if want := "kernels: " + name + ": ws"; !strings.HasPrefix(p, want) {
				t.Errorf("%s: workspace of %d: panic %q, want %q", name, k.size-1, p, want)
			}
		}
	})
}
