package kernels

// MovingAverage computes average[i] = momentum·average[i] + (1-momentum)·x[i].
func MovingAverage(momentum float64, average, x []float32) {
	exactly("MovingAverage", "x", len(x), len(average))
	for i, v := range x {
		average[i] = float32(momentum*float64(average[i]) + (1-momentum)*float64(v))
	}
}
