package loss

import "math"

// meanAbsoluteError is the mean over the outputs of |p-y|; its gradient is 0 where p = y, as TensorFlow's.
//
// Source: keras/src/losses/losses.py, mean_absolute_error.
var meanAbsoluteError = &Loss{
	Name:    "mean_absolute_error",
	Aliases: []string{"mae", "MAE", "MeanAbsoluteError"},
	Output:  Func{Rows: absoluteRows, Grad: absoluteGrad},
}

func absoluteRows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			loss += math.Abs(float64(p[i]) - float64(y[i]))
		}
		losses[r] = float32(loss / float64(n))
	}
}

func absoluteGrad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		s := float64(scale[r]) / float64(n)
		for i := r * n; i < (r+1)*n; i++ {
			switch d := p[i] - y[i]; {
			case d > 0:
				dp[i] = float32(s)
			case d < 0:
				dp[i] = float32(-s)
			default:
				dp[i] = 0 * d // NaN stays NaN
			}
		}
	}
}
