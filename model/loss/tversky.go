package loss

import "github.com/beamfit/beamfit/model/params"

// tversky is 1 - i/(i + alpha·f + beta·m + epsilon) over the outputs of a batch, or with axis=-1 of each row, with i = Σ y·p,
// f = Σ y·(1-p) and m = Σ p·(1-y).
//
// Arguments: axis None (-1: each row has a loss; the first axis is refused), alpha 0.5, beta 0.5.
//
// Source: keras/src/losses/losses.py, tversky.
func tversky(a *params.Args) *Loss {
	whole := readBatchAxis(a)
	alpha, beta := a.Float(0.5, "alpha"), a.Float(0.5, "beta")
	return &Loss{WholeBatch: whole, Output: ratio(whole, func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
		return yp, yp + alpha*(sumY-yp) + beta*(sumP-yp) + epsilon, 1, 1 - alpha - beta, beta
	})}
}

// dice is 1 - 2·Σ y·p / (Σ y + Σ p + epsilon) over the same.
//
// Arguments: axis, as in tversky.
//
// Source: keras/src/losses/losses.py, dice.
func dice(a *params.Args) *Loss {
	whole := readBatchAxis(a)
	return &Loss{WholeBatch: whole, Output: ratio(whole, func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
		return 2 * yp, sumY + sumP + epsilon, 2, 0, 1
	})}
}

// readBatchAxis tells whether a loss is that of a whole batch, which is Keras' default here, and not of each row.
func readBatchAxis(a *params.Args) (whole bool) {
	if !a.Has("axis") {
		return true
	}
	if axis := a.Int(0, "axis"); axis != -1 && axis != 1 {
		a.Failf("argument axis must be None, for one loss of a batch, or -1, for one of each row, found %d", axis)
	}
	return false
}

// ratio is 1 - num/den over each row or over the whole batch, from Σ y·p, Σ y and Σ p. The derivatives by p_j are dNum·y_j and
// dDenY·y_j + dDenOne. Each row of a batch has the batch's loss, and the mean over rows is the same.
func ratio(whole bool, parts func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64)) Func {
	sums := func(p, y []float32) (yp, sumY, sumP float64) {
		for j, v := range y {
			yp += float64(v) * float64(p[j])
		}
		return yp, rowSum(y), rowSum(p)
	}
	together := func(rows int) int { // rows with one loss
		if whole {
			return rows
		}
		return 1
	}
	return Func{
		Rows: func(rows, n int, p, y, losses []float32) {
			for r, g := 0, together(rows); r < rows; r += g {
				num, den, _, _, _ := parts(sums(p[r*n:(r+g)*n], y[r*n:(r+g)*n]))
				for i := range g {
					losses[r+i] = float32(1 - num/den)
				}
			}
		},
		Grad: func(rows, n int, p, y, scale, dp []float32) {
			for r, g := 0, together(rows); r < rows; r += g {
				yr, out := y[r*n:(r+g)*n], dp[r*n:(r+g)*n]
				num, den, dNum, dDenY, dDenOne := parts(sums(p[r*n:(r+g)*n], yr))
				s := rowSum(scale[r : r+g])
				for j, v := range yr {
					t := float64(v)
					out[j] = float32(s * (num*(dDenY*t+dDenOne)/den - dNum*t) / den)
				}
			}
		},
	}
}
