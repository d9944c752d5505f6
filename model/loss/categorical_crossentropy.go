package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
)

// categoricalCrossentropy is -Σ_j y_j·log(q_j), where q is the softmax of the logits or, without logits,
// clip(p / Σp).
//
// The gradient from logits is scale·(q·Σy - y), exact for any labels. TensorFlow's is scale·(q - y), which is the same for
// labels that sum to 1, as one-hot ones do.
//
// Source: keras/src/backend/tensorflow/nn.py, categorical_crossentropy.
var categoricalCrossentropy = &Loss{
	Name:    "categorical_crossentropy",
	Aliases: []string{"CategoricalCrossentropy"},
	Output:  Func{Rows: categoricalRows, Grad: categoricalGrad},
	Logits:  &Func{Rows: kernels.SoftmaxCrossEntropy, Grad: kernels.SoftmaxCrossEntropyGrad},
}

func categoricalRows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		sum := rowSum(pr)
		var loss float64
		for j, v := range yr {
			if v != 0 {
				q, _ := clip(float64(pr[j]) / sum)
				loss -= float64(v) * math.Log(q)
			}
		}
		losses[r] = float32(loss)
	}
}

// categoricalGrad: with U the classes that the clip leaves alone, ∂/∂p_k = (Σ_{j∈U} y_j)/Σp - [k∈U]·y_k/p_k.
func categoricalGrad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		sum, s := rowSum(pr), float64(scale[r])
		var mass float64
		for j, v := range yr {
			if _, inside := clip(float64(pr[j]) / sum); inside {
				mass += float64(v)
			}
		}
		for j, v := range yr {
			d := mass / sum
			if _, inside := clip(float64(pr[j]) / sum); inside && v != 0 {
				d -= float64(v) / float64(pr[j])
			}
			out[j] = float32(s * d)
		}
	}
}

func rowSum(row []float32) float64 {
	var sum float64
	for _, v := range row {
		sum += float64(v)
	}
	return sum
}
