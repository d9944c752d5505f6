package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// SparseCategoricalCrossentropy is -log(q_c) of the label's class c, where q is the softmax of the logits or, without
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
type SparseCategoricalCrossentropy struct {
	Logits bool // it computes from logits
	Ignore Ignore
}

func newSparseCategoricalCrossentropy(a *params.Args) *Loss {
	output := SparseCategoricalCrossentropy{Logits: a.Bool(false, "from_logits")}
	readAxis(a)
	if a.Has("ignore_class") {
		output.Ignore = Ignore{On: true, Class: a.Int(0, "ignore_class")}
		return &Loss{AmongClasses: true, FromLogits: output.Logits, Output: output, Sparse: true, Ignore: output.Ignore}
	}
	return &Loss{AmongClasses: true, FromLogits: output.Logits, Output: output, Logits: SparseCategoricalCrossentropy{Logits: true}, Sparse: true}
}

// Kind is sparse_categorical_crossentropy.
func (SparseCategoricalCrossentropy) Kind() string { return "sparse_categorical_crossentropy" }

// Rows computes the losses of rows.
func (l SparseCategoricalCrossentropy) Rows(rows, n int, p, y, losses []float32) {
	if l.Logits {
		kernels.SoftmaxCrossEntropy(rows, n, p, y, losses)
	} else {
		sparseRows(rows, n, p, y, losses)
	}
	if !l.Ignore.On {
		return
	}
	for r := range rows {
		if l.Ignore.Has(y[r*n : (r+1)*n]) {
			losses[r] = 0
		}
	}
}

// Grad computes the gradient of the predictions.
func (l SparseCategoricalCrossentropy) Grad(rows, n int, p, y, scale, dp []float32) {
	if l.Logits {
		kernels.SoftmaxCrossEntropyGrad(rows, n, p, y, scale, dp)
	} else {
		sparseGrad(rows, n, p, y, scale, dp)
	}
	if !l.Ignore.On {
		return
	}
	for r := range rows {
		if l.Ignore.Has(y[r*n : (r+1)*n]) {
			clear(dp[r*n : (r+1)*n])
		}
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
