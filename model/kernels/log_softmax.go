package kernels

import "math"

// LogSoftmax computes the logarithm of the softmax of each of the rows of n numbers, x - log Σexp(x), in double precision.
// y may alias x.
func LogSoftmax(rows, n int, x, y []float32) {
	atLeast("LogSoftmax", "x", len(x), rows*n)
	atLeast("LogSoftmax", "y", len(y), rows*n)
	for r := range rows {
		row, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		top, sum := logits(row)
		total := top + math.Log(sum)
		for j, v := range row {
			out[j] = float32(float64(v) - total)
		}
	}
}

// LogSoftmaxGrad computes dx = dy - exp(y)·Σdy of each row from the output y. dx may alias dy.
func LogSoftmaxGrad(rows, n int, y, dy, dx []float32) {
	atLeast("LogSoftmaxGrad", "y", len(y), rows*n)
	atLeast("LogSoftmaxGrad", "dy", len(dy), rows*n)
	atLeast("LogSoftmaxGrad", "dx", len(dx), rows*n)
	for r := range rows {
		var sum float64
		for _, d := range dy[r*n : (r+1)*n] {
			sum += float64(d)
		}
		for i := r * n; i < (r+1)*n; i++ {
			dx[i] = float32(float64(dy[i]) - math.Exp(float64(y[i]))*sum)
		}
	}
}
