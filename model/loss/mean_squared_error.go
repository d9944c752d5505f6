package loss

// meanSquaredError is the mean over the outputs of (p-y)².
//
// Source: keras/src/losses/losses.py, mean_squared_error.
var meanSquaredError = &Loss{
	Name:    "mean_squared_error",
	Aliases: []string{"mse", "MSE", "MeanSquaredError"},
	Output:  Func{Rows: squaredRows, Grad: squaredGrad},
}

func squaredRows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			d := float64(p[i]) - float64(y[i])
			loss += d * d
		}
		losses[r] = float32(loss / float64(n))
	}
}

func squaredGrad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		s := 2 * float64(scale[r]) / float64(n)
		for i := r * n; i < (r+1)*n; i++ {
			dp[i] = float32(s * (float64(p[i]) - float64(y[i])))
		}
	}
}
