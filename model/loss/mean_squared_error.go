package loss

// MeanSquaredError is the mean over the outputs of (p-y)².
//
// Source: keras/src/losses/losses.py, mean_squared_error.
type MeanSquaredError struct{}

// Kind is mean_squared_error.
func (MeanSquaredError) Kind() string { return "mean_squared_error" }

// Rows computes the losses of rows.
func (l MeanSquaredError) Rows(rows, n int, p, y, losses []float32) {
	meanRows(l, rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l MeanSquaredError) Grad(rows, n int, p, y, scale, dp []float32) {
	meanGrad(l, rows, n, p, y, scale, dp)
}

func (MeanSquaredError) value(p, y float64) float64 { return (p - y) * (p - y) }

func (MeanSquaredError) slope(p, y float64) float64 { return 2 * (p - y) }
