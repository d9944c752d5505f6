package loss

// An element is a loss of one output with prediction p and label t, and its derivative by p.
type element interface {
	value(p, t float64) float64
	slope(p, t float64) float64
}

// meanRows is the mean of an element's loss over the outputs of each row.
func meanRows[E element](e E, rows, n int, p, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			loss += e.value(float64(p[i]), float64(y[i]))
		}
		losses[r] = float32(loss / float64(n))
	}
}

// meanGrad is the gradient of meanRows.
func meanGrad[E element](e E, rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		s := float64(scale[r]) / float64(n)
		for i := r * n; i < (r+1)*n; i++ {
			dp[i] = float32(s * e.slope(float64(p[i]), float64(y[i])))
		}
	}
}

// sign is -1, 0 or 1; NaN stays NaN.
func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0 * v
}
