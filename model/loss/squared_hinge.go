package loss

// SquaredHinge is the mean over the outputs of max(1 - t·p, 0)², with t as in Hinge.
//
// Source: keras/src/losses/losses.py, squared_hinge.
type SquaredHinge struct{}

// Kind is squared_hinge.
func (SquaredHinge) Kind() string { return "squared_hinge" }

// Rows computes the losses of rows.
func (l SquaredHinge) Rows(rows, n int, p, y, losses []float32) { hingedRows(l, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l SquaredHinge) Grad(rows, n int, p, y, scale, dp []float32) {
	hingedGrad(l, rows, n, p, y, scale, dp)
}

func (SquaredHinge) value(p, t float64) float64 {
	m := max(1-t*p, 0)
	return m * m
}

func (SquaredHinge) slope(p, t float64) float64 { return -2 * t * max(1-t*p, 0) }
