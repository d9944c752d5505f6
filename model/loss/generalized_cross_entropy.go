package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// CategoricalGeneralizedCrossEntropy is (1 - p_c^q) / q of the label's class c. Labels are one-hot here; class numbers are
// made so before they come.
//
// Arguments: q 0.5, above 0 and below 1.
//
// Source: keras/src/losses/losses.py, categorical_generalized_cross_entropy.
type CategoricalGeneralizedCrossEntropy struct{ Q float64 }

func newCategoricalGeneralizedCrossEntropy(a *params.Args) *Loss {
	q := a.Float(0.5, "q")
	if !(q > 0 && q < 1) {
		a.Failf("argument q must be above 0 and below 1, found %v", q)
	}
	return &Loss{AmongClasses: true, Sparse: true, Output: CategoricalGeneralizedCrossEntropy{q}}
}

// Kind is categorical_generalized_cross_entropy.
func (CategoricalGeneralizedCrossEntropy) Kind() string {
	return "categorical_generalized_cross_entropy"
}

// Rows computes the losses of rows.
func (l CategoricalGeneralizedCrossEntropy) Rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		losses[r] = float32((1 - math.Pow(ofClass(p[r*n:(r+1)*n], y[r*n:(r+1)*n]), l.Q)) / l.Q)
	}
}

// Grad computes the gradient of the predictions.
func (l CategoricalGeneralizedCrossEntropy) Grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		slope := -float64(scale[r]) * math.Pow(ofClass(pr, yr), l.Q-1)
		for j, v := range yr {
			out[j] = 0
			if v != 0 {
				out[j] = float32(slope * float64(v))
			}
		}
	}
}

// ofClass is the prediction of the label's class.
func ofClass(p, y []float32) float64 {
	var sum float64
	for j, v := range y {
		if v != 0 {
			sum += float64(p[j]) * float64(v)
		}
	}
	return sum
}
