package loss

// Hinge is the mean over the outputs of max(1 - t·p, 0), where t are the labels, -1 or 1; a row of labels 0 and 1 is
// taken as -1 and 1.
//
// Keras converts labels when the whole batch is 0 and 1. That is the same for labels that are 0 and 1 throughout or -1
// and 1 throughout, and a row's loss here does not depend on the other rows.
//
// Source: keras/src/losses/losses.py, hinge and convert_binary_labels_to_hinge.
type Hinge struct{}

// Kind is hinge.
func (Hinge) Kind() string { return "hinge" }

// Rows computes the losses of rows.
func (l Hinge) Rows(rows, n int, p, y, losses []float32) { hingedRows(l, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l Hinge) Grad(rows, n int, p, y, scale, dp []float32) { hingedGrad(l, rows, n, p, y, scale, dp) }

func (Hinge) value(p, t float64) float64 { return max(1-t*p, 0) }

func (Hinge) slope(p, t float64) float64 {
	if 1-t*p < 0 {
		return 0
	}
	return -t + 0*p // NaN stays NaN
}

// hingedRows is meanRows for rows whose labels are -1 and 1, given so or as 0 and 1.
func hingedRows[E element](e E, rows, n int, p, y, losses []float32) {
	for r := range rows {
		pr, yr := p[r*n:(r+1)*n], y[r*n:(r+1)*n]
		binary := zerosAndOnes(yr)
		var loss float64
		for j, v := range yr {
			loss += e.value(float64(pr[j]), hingeLabel(v, binary))
		}
		losses[r] = float32(loss / float64(n))
	}
}

// hingedGrad is the gradient of hingedRows.
func hingedGrad[E element](e E, rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		binary, s := zerosAndOnes(yr), float64(scale[r])/float64(n)
		for j, v := range yr {
			out[j] = float32(s * e.slope(float64(pr[j]), hingeLabel(v, binary)))
		}
	}
}

func zerosAndOnes(y []float32) bool {
	for _, v := range y {
		if v != 0 && v != 1 {
			return false
		}
	}
	return true
}

func hingeLabel(y float32, binary bool) float64 {
	if binary {
		return 2*float64(y) - 1
	}
	return float64(y)
}
