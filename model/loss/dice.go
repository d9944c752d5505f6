package loss

import "github.com/beamfit/beamfit/model/params"

// Dice is 1 - 2·Σ y·p / (Σ y + Σ p + epsilon) over the outputs of a batch, or with axis=-1 of each row.
//
// Arguments: axis, as in Tversky.
//
// Source: keras/src/losses/losses.py, dice.
type Dice struct {
	Batch bool // the loss is that of all rows
}

func newDice(a *params.Args) *Loss {
	whole := readBatchAxis(a)
	return &Loss{TwoClasses: true, WholeBatch: whole, Output: Dice{whole}}
}

// Kind is dice.
func (Dice) Kind() string { return "dice" }

// Rows computes the losses of rows.
func (l Dice) Rows(rows, n int, p, y, losses []float32) { ratioRows(l, l.Batch, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l Dice) Grad(rows, n int, p, y, scale, dp []float32) {
	ratioGrad(l, l.Batch, rows, n, p, y, scale, dp)
}

func (Dice) parts(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
	return 2 * yp, sumY + sumP + epsilon, 2, 0, 1
}
