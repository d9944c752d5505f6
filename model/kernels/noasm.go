//go:build !amd64 || noasm

package kernels

// This build has no assembly: every kernel is its Go loop.

func available() []variant { return []variant{variantGo} }

func gemmWorkspace(transA, transB bool, m, n, k int) int { return 0 }

func conv2DWorkspace(s *Conv2DShape) int { return 0 }

func conv2DInputGradWorkspace(s *Conv2DShape) int { return 0 }

func conv2DKernelGradWorkspace(s *Conv2DShape) int { return 0 }

func gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int, ws []float32) {
	gemmGo(transA, transB, m, n, k, a, lda, b, ldb, accumulate, c, ldc)
}

func dense(m, n, k int, x, w, bias []float32, e epilogue, y []float32, ld, from int, ws []float32) {
	denseGo(m, n, k, x, w, bias, e, y, ld, from)
}

func conv2D(s *Conv2DShape, x, k, bias []float32, e epilogue, y, ws []float32, around *Around) {
	conv2DGo(s, x, k, bias, e, y, around)
}

func conv2DInputGrad(s *Conv2DShape, dy, k, dx, ws []float32, around *Around) {
	conv2DInputGradGo(s, dy, k, dx, around)
}

func conv2DKernelGrad(s *Conv2DShape, x, dy, dk, ws []float32, around *Around) {
	conv2DKernelGradGo(s, x, dy, dk, around)
}

func columnSums(rows, n, ld int, x []float32, sums []float64) {
	columnSumsGo(rows, n, ld, x, sums)
}

func activation(act Activation, x, y []float32)          { activationGo(act, x, y) }
func activationGrad(act Activation, y, dy, dx []float32) { activationGradGo(act, y, dy, dx) }

func softmax(rows, n int, x, y []float32) { softmaxGo(rows, n, x, y) }

func softmaxCrossEntropy(rows, n int, x, labels, losses []float32) {
	softmaxCrossEntropyGo(rows, n, x, labels, losses)
}

func softmaxCrossEntropyGrad(rows, n int, x, labels, scale, dx []float32) {
	softmaxCrossEntropyGradGo(rows, n, x, labels, scale, dx)
}

func dropout(m *dropMask, first int, x, y []float32) { dropoutGo(m, first, x, y) }

func reluDropoutGrad(scale float32, y, dy, dx []float32) { reluDropoutGradGo(scale, y, dy, dx) }

func maxPool2D(s *Pool2DShape, x, y []float32, argmax []int32) { maxPool2DGo(s, x, y, argmax) }
func maxPool2DGrad(s *Pool2DShape, dy []float32, argmax []int32, dx []float32) {
	maxPool2DGradGo(s, dy, argmax, dx)
}

func columnSquares(rows, n, ld int, x []float32, sums, squares *[columnBlock]float64) {
	columnSquaresGo(rows, n, ld, x, sums, squares)
}

func columnProducts(rows, n, ld int, x, dy, mean []float32, sums, products *[columnBlock]float64) {
	columnProductsGo(rows, n, ld, x, dy, mean, sums, products)
}

func normaliseColumns(rows, n, ld int, x, mean, factor, shift, y []float32) {
	normaliseColumnsGo(rows, n, ld, x, mean, factor, shift, y)
}

func normaliseGradColumns(rows, n, ld int, x, dy, mean, factor, slope, shift, dx []float32) {
	normaliseGradColumnsGo(rows, n, ld, x, dy, mean, factor, slope, shift, dx)
}

func sgdMomentum(p, g, v []float32, lr, momentum float32, nesterov bool) {
	sgdMomentumGo(p, g, v, lr, momentum, nesterov)
}

func rmsprop(p, g, s, mom, mg []float32, lr, rho, rho1, momentum, eps float32) {
	rmspropGo(p, g, s, mom, mg, lr, rho, rho1, momentum, eps)
}

func adam(p, g, m, v []float32, lrT, beta11, beta21, eps float32) {
	adamGo(p, g, m, v, lrT, beta11, beta21, eps)
}

func adadelta(p, g, s, u []float32, lr, rho, rho1, eps float32) {
	adadeltaGo(p, g, s, u, lr, rho, rho1, eps)
}

func exp(x, y []float32) { expGo(x, y) }
func log(x, y []float32) { logGo(x, y) }

func roundBfloat16(x, dst []float32) { roundBfloat16Go(x, dst) }

func add(x, y, dst []float32)               { addGo(x, y, dst) }
func mul(x, y, dst []float32)               { mulGo(x, y, dst) }
func scale(alpha float32, x, dst []float32) { scaleGo(alpha, x, dst) }
func axpy(alpha float32, x, y []float32)    { axpyGo(alpha, x, y) }
func sum64(x []float32) float64             { return sum64Go(x) }
func sumSquares64(x []float32) float64      { return sumSquares64Go(x) }
