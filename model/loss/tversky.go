package loss

import "github.com/beamfit/beamfit/model/params"

// Tversky is 1 - i/(i + alpha·f + beta·m + epsilon) over the outputs of a batch, or with axis=-1 of each row, with i = Σ y·p,
// f = Σ y·(1-p) and m = Σ p·(1-y).
//
// Arguments: axis None (-1: each row has a loss; the first axis is refused), alpha 0.5, beta 0.5.
//
// Source: keras/src/losses/losses.py, tversky.
type Tversky struct {
	Batch       bool // the loss is that of all rows
	Alpha, Beta float64
}

func newTversky(a *params.Args) *Loss {
	whole := readBatchAxis(a)
	return &Loss{TwoClasses: true, WholeBatch: whole, Output: Tversky{whole, a.Float(0.5, "alpha"), a.Float(0.5, "beta")}}
}

// Kind is tversky.
func (Tversky) Kind() string { return "tversky" }

// Rows computes the losses of rows.
func (l Tversky) Rows(rows, n int, p, y, losses []float32) {
	ratioRows(l, l.Batch, rows, n, p, y, losses)
}

// Grad computes the gradient of the predictions.
func (l Tversky) Grad(rows, n int, p, y, scale, dp []float32) {
	ratioGrad(l, l.Batch, rows, n, p, y, scale, dp)
}

func (l Tversky) parts(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
	return yp, yp + l.Alpha*(sumY-yp) + l.Beta*(sumP-yp) + epsilon, 1, 1 - l.Alpha - l.Beta, l.Beta
}
