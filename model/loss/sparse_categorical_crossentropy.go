package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// sparseCategoricalCrossentropy is -log(q_c) of the label's class c, where q is the softmax of the logits or, without
// logits, clip(p) divided by its sum. Labels are one-hot here; class numbers are made so before they come.
//
// Without logits it differs from categorical_crossentropy in the order: that divides first and clips then.
//
// Arguments: from_logits False (True: the model's output is logits), ignore_class none: rows of that class have no loss and do
// not count; axis -1. With ignore_class the loss is that of the output always: Keras puts zeros into the rows of that class, and
// no longer knows of which logits the softmax was.
//
// Source: keras/src/losses/losses.py, sparse_categorical_crossentropy; keras/src/backend/tensorflow/nn.py,
// sparse_categorical_crossentropy.
func sparseCategoricalCrossentropy(a *params.Args) *Loss {
	fromLogits := a.Bool(false, "from_logits")
	readAxis(a)
	output := Func{Rows: sparseRows, Grad: sparseGrad}
	logits := Func{Rows: kernels.SoftmaxCrossEntropy, Grad: kernels.SoftmaxCrossEntropyGrad}
	if fromLogits {
		output = logits
	}
	if !a.Has("ignore_class") {
		return &Loss{Output: output, Logits: &logits, Sparse: true}
	}
	class := a.Int(0, "ignore_class")
	l := &Loss{Sparse: true, Ignore: &class}
	l.Output = l.skipIgnored(output)
	return l
}

// skipIgnored gives rows that do not count no loss and no gradient.
func (l *Loss) skipIgnored(f Func) Func {
	return Func{
		Rows: func(rows, n int, p, y, losses []float32) {
			f.Rows(rows, n, p, y, losses)
			for r := range rows {
				if l.Ignores(y[r*n : (r+1)*n]) {
					losses[r] = 0
				}
			}
		},
		Grad: func(rows, n int, p, y, scale, dp []float32) {
			f.Grad(rows, n, p, y, scale, dp)
			for r := range rows {
				if l.Ignores(y[r*n : (r+1)*n]) {
					clear(dp[r*n : (r+1)*n])
				}
			}
		},
	}
}

func sparseRows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		sum := clippedSum(pr)
		var loss float64
		for j, v := range yr {
			if v != 0 {
				q, _ := clip(float64(pr[j]))
				loss -= float64(v) * math.Log(q/sum)
			}
		}
		losses[r] = float32(loss)
	}
}

// sparseGrad: with q = clip(p), ∂/∂p_j = 1/Σq - [j=c]/q_j where the clip leaves p_j alone, else 0.
func sparseGrad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		sum, s := clippedSum(pr), float64(scale[r])
		for j, v := range yr {
			q, inside := clip(float64(pr[j]))
			out[j] = 0
			if inside {
				out[j] = float32(s * (1/sum - float64(v)/q))
			}
		}
	}
}

func clippedSum(row []float32) float64 {
	var sum float64
	for _, v := range row {
		q, _ := clip(float64(v))
		sum += q
	}
	return sum
}
