package loss

import "github.com/beamfit/beamfit/model/params"

// tversky is 1 - i/(i + alpha·f + beta·m + epsilon) over the outputs of a row, with i = Σ y·p, f = Σ y·(1-p) and
// m = Σ p·(1-y).
//
// Arguments: axis, which must be -1: Keras' default None is one loss for a whole batch, which is no mean over rows; alpha
// 0.5, beta 0.5.
//
// Source: keras/src/losses/losses.py, tversky.
func tversky(a *params.Args) *Loss {
	readRowAxis(a)
	alpha, beta := a.Float(0.5, "alpha"), a.Float(0.5, "beta")
	return &Loss{Output: ratio(func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
		return yp, yp + alpha*(sumY-yp) + beta*(sumP-yp) + epsilon, 1, 1 - alpha - beta, beta
	})}
}

// dice is 1 - 2·Σ y·p / (Σ y + Σ p + epsilon) over the outputs of a row.
//
// Arguments: axis, as in tversky.
//
// Source: keras/src/losses/losses.py, dice.
func dice(a *params.Args) *Loss {
	readRowAxis(a)
	return &Loss{Output: ratio(func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64) {
		return 2 * yp, sumY + sumP + epsilon, 2, 0, 1
	})}
}

// readRowAxis wants axis=-1 to be stated.
func readRowAxis(a *params.Args) {
	if axis := a.Int(0, "axis"); axis != -1 && axis != 1 {
		a.Failf("argument axis must be -1: a loss of a whole batch, which is Keras' default here, is no mean over rows")
	}
}

// ratio is 1 - num/den over a row, from Σ y·p, Σ y and Σ p. The derivatives by p_j are dNum·y_j and dDenY·y_j + dDenOne.
func ratio(parts func(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64)) Func {
	sums := func(p, y []float32) (yp, sumY, sumP float64) {
		for j, v := range y {
			yp += float64(v) * float64(p[j])
		}
		return yp, rowSum(y), rowSum(p)
	}
	return Func{
		Rows: func(rows, n int, p, y, losses []float32) {
			for r := range rows {
				num, den, _, _, _ := parts(sums(p[r*n:(r+1)*n], y[r*n:(r+1)*n]))
				losses[r] = float32(1 - num/den)
			}
		},
		Grad: func(rows, n int, p, y, scale, dp []float32) {
			for r := range rows {
				yr, out := y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
				num, den, dNum, dDenY, dDenOne := parts(sums(p[r*n:(r+1)*n], yr))
				for j, v := range yr {
					t := float64(v)
					out[j] = float32(float64(scale[r]) * (num*(dDenY*t+dDenOne)/den - dNum*t) / den)
				}
			}
		},
	}
}
