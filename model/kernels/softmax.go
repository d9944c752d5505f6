package kernels

import "math"

// Softmax computes the softmax of each row of the rows x n matrix x into y, which may alias x:
//
//	top := max(x[r,:])
//	y[r,j] = exp(x[r,j]-top) / Σ_j exp(x[r,j]-top)
//
// A row with NaN or +Inf, or with nothing but -Inf, gives NaN throughout. n must be at least 1 where rows is.
func Softmax(rows, n int, x, y []float32) {
	checkRows("Softmax", rows, n)
	atLeast("Softmax", "x", len(x), rows*n)
	atLeast("Softmax", "y", len(y), rows*n)
	softmax(rows, n, x[:rows*n], y[:rows*n])
}

// softmaxGo is the loop of Softmax.
func softmaxGo(rows, n int, x, y []float32) {
	for r := range rows {
		in, out := x[r*n:(r+1)*n], y[r*n:(r+1)*n]
		top, sum := logits(in)
		for j, v := range in {
			out[j] = float32(math.Exp(float64(v)-top) / sum)
		}
	}
}

// logits returns the maximum of a row (NaN when it holds one) and the sum of exp(x-max).
func logits(row []float32) (top, sum float64) {
	t := row[0]
	for _, v := range row[1:] {
		t = max(t, v)
	}
	top = float64(t)
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top, sum
}

// SoftmaxGrad computes the gradient of Softmax from its output y; dx may alias dy:
//
//	dx[r,j] = y[r,j] · (dy[r,j] - Σ_i y[r,i]·dy[r,i])
func SoftmaxGrad(rows, n int, y, dy, dx []float32) {
	checkRows("SoftmaxGrad", rows, n)
	atLeast("SoftmaxGrad", "y", len(y), rows*n)
	atLeast("SoftmaxGrad", "dy", len(dy), rows*n)
	atLeast("SoftmaxGrad", "dx", len(dx), rows*n)
	for r := range rows {
		p, d, out := y[r*n:(r+1)*n], dy[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		var dot float64
		for j, v := range p {
			dot += float64(v) * float64(d[j])
		}
		for j, v := range p {
			out[j] = float32(float64(v) * (float64(d[j]) - dot))
		}
	}
}

// SoftmaxCrossEntropy computes the categorical cross-entropy of the softmax of each row of logits against labels (one-hot
// or any distribution), into losses, one per row:
//
//	losses[r] = Σ_j labels[r,j] · (log Σ_i exp(logits[r,i]) - logits[r,j])
//
// Terms whose label is zero count as zero even where the logit is -Inf.
func SoftmaxCrossEntropy(rows, n int, logits, labels, losses []float32) {
	checkRows("SoftmaxCrossEntropy", rows, n)
	atLeast("SoftmaxCrossEntropy", "logits", len(logits), rows*n)
	atLeast("SoftmaxCrossEntropy", "labels", len(labels), rows*n)
	atLeast("SoftmaxCrossEntropy", "losses", len(losses), rows)
	softmaxCrossEntropy(rows, n, logits[:rows*n], labels[:rows*n], losses[:rows])
}

// softmaxCrossEntropyGo is the loop of SoftmaxCrossEntropy.
func softmaxCrossEntropyGo(rows, n int, x, labels, losses []float32) {
	for r := range rows {
		in := x[r*n : (r+1)*n]
		top, sum := logits(in)
		lse := top + math.Log(sum)
		var loss float64
		for j, l := range labels[r*n : (r+1)*n] {
			if l != 0 {
				loss += float64(l) * (lse - float64(in[j]))
			}
		}
		losses[r] = float32(loss)
	}
}

// SoftmaxCrossEntropyGrad computes the gradient of scale[r]·losses[r] of SoftmaxCrossEntropy with respect to the
// logits as tf.nn.softmax_cross_entropy_with_logits does; dx may alias logits:
//
//	dx[r,j] = scale[r] · (softmax(logits)[r,j] - labels[r,j])
//
// That is the true gradient for labels that sum to 1, and TensorFlow's for all.
func SoftmaxCrossEntropyGrad(rows, n int, logits, labels, scale, dx []float32) {
	checkRows("SoftmaxCrossEntropyGrad", rows, n)
	atLeast("SoftmaxCrossEntropyGrad", "logits", len(logits), rows*n)
	atLeast("SoftmaxCrossEntropyGrad", "labels", len(labels), rows*n)
	atLeast("SoftmaxCrossEntropyGrad", "scale", len(scale), rows)
	atLeast("SoftmaxCrossEntropyGrad", "dx", len(dx), rows*n)
	softmaxCrossEntropyGrad(rows, n, logits[:rows*n], labels[:rows*n], scale[:rows], dx[:rows*n])
}

// softmaxCrossEntropyGradGo is the loop of SoftmaxCrossEntropyGrad.
func softmaxCrossEntropyGradGo(rows, n int, x, labels, scale, dx []float32) {
	for r := range rows {
		in, l, out := x[r*n:(r+1)*n], labels[r*n:(r+1)*n], dx[r*n:(r+1)*n]
		top, sum := logits(in)
		s := float64(scale[r])
		for j, v := range in {
			out[j] = float32(s * (math.Exp(float64(v)-top)/sum - float64(l[j])))
		}
	}
}

func checkRows(kernel string, rows, n int) {
	sizes(kernel, rows, n, 0)
	if rows > 0 {
		atLeast(kernel, "a row", n, 1)
	}
}
