package loss

import "github.com/beamfit/beamfit/model/params"

// A ratio is 1 - num/den over each row or over the whole batch, from Σ y·p, Σ y and Σ p. The derivatives by p_j are dNum·y_j and
// dDenY·y_j + dDenOne. Each row of a batch has the batch's loss, and the mean over rows is the same.
type ratio interface {
	parts(yp, sumY, sumP float64) (num, den, dNum, dDenY, dDenOne float64)
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

// together are the rows with one loss.
func together(batch bool, rows int) int {
	if batch {
		return rows
	}
	return 1
}

// ratioSums are Σ y·p, Σ y and Σ p.
func ratioSums(p, y []float32) (yp, sumY, sumP float64) {
	for j, v := range y {
		yp += float64(v) * float64(p[j])
	}
	return yp, rowSum(y), rowSum(p)
}

func ratioRows[R ratio](l R, batch bool, rows, n int, p, y, losses []float32) {
	for r, g := 0, together(batch, rows); r < rows; r += g {
		num, den, _, _, _ := l.parts(ratioSums(p[r*n:(r+g)*n], y[r*n:(r+g)*n]))
		for i := range g {
			losses[r+i] = float32(1 - num/den)
		}
	}
}

func ratioGrad[R ratio](l R, batch bool, rows, n int, p, y, scale, dp []float32) {
	for r, g := 0, together(batch, rows); r < rows; r += g {
		yr, out := y[r*n:(r+g)*n], dp[r*n:(r+g)*n]
		num, den, dNum, dDenY, dDenOne := l.parts(ratioSums(p[r*n:(r+g)*n], yr))
		s := rowSum(scale[r : r+g])
		for j, v := range yr {
			t := float64(v)
			out[j] = float32(s * (num*(dDenY*t+dDenOne)/den - dNum*t) / den)
		}
	}
}
