package kernels

import "math"

// BatchNormTrain normalises each column of the rows x c matrix x by its own mean and biased variance, which it also
// returns, then scales by gamma and shifts by beta (nil: 1 and 0). y may alias x.
//
//	mean[j] = Σ_r x[r,j] / rows
//	variance[j] = Σ_r (x[r,j] - mean[j])² / rows
//	invstd[j] = 1 / √(variance[j] + eps)
//	y[r,j] = (x[r,j] - mean[j]) · invstd[j] · gamma[j] + beta[j]
//
// Sums are in double precision. rows is at least 1.
func BatchNormTrain(rows, c int, x, gamma, beta []float32, eps float64, y, mean, variance, invstd []float32) {
	checkBatchNorm("BatchNormTrain", rows, c, x, gamma, beta)
	atLeast("BatchNormTrain", "y", len(y), rows*c)
	atLeast("BatchNormTrain", "rows", rows, 1)
	atLeast("BatchNormTrain", "mean", len(mean), c)
	atLeast("BatchNormTrain", "variance", len(variance), c)
	atLeast("BatchNormTrain", "invstd", len(invstd), c)
	if c == 0 {
		return
	}
	moments(rows, c, x, mean, variance)
	for j := range c {
		invstd[j] = inverseStd(variance[j], eps)
	}
	normalise(rows, c, x, gamma, beta, mean, invstd, y)
}

// BatchNormInfer normalises x as BatchNormTrain does, with given mean and variance. ws holds at least c elements. y may
// alias x.
func BatchNormInfer(rows, c int, x, gamma, beta, mean, variance []float32, eps float64, y, ws []float32) {
	checkBatchNorm("BatchNormInfer", rows, c, x, gamma, beta)
	atLeast("BatchNormInfer", "y", len(y), rows*c)
	atLeast("BatchNormInfer", "mean", len(mean), c)
	atLeast("BatchNormInfer", "variance", len(variance), c)
	atLeast("BatchNormInfer", "ws", len(ws), c)
	if c == 0 {
		return
	}
	for j := range c {
		ws[j] = inverseStd(variance[j], eps)
	}
	normalise(rows, c, x, gamma, beta, mean, ws, y)
}

// BatchNormGrad computes the gradients of BatchNormTrain with respect to x, gamma and beta from x, dy and the moments that
// BatchNormTrain returned; gamma may be nil (1). dgamma and dbeta are always computed. dx may alias dy.
//
//	dbeta[j] = Σ_r dy[r,j]
//	dgamma[j] = Σ_r dy[r,j] · (x[r,j] - mean[j]) · invstd[j]
//	dx[r,j] = gamma[j] · invstd[j] · (dy[r,j] - dbeta[j]/rows - (x[r,j] - mean[j]) · invstd[j] · dgamma[j]/rows)
//
// Sums are in double precision.
func BatchNormGrad(rows, c int, x, dy, gamma, mean, invstd, dx, dgamma, dbeta []float32) {
	checkBatchNorm("BatchNormGrad", rows, c, x, gamma, nil)
	atLeast("BatchNormGrad", "dy", len(dy), rows*c)
	atLeast("BatchNormGrad", "rows", rows, 1)
	atLeast("BatchNormGrad", "mean", len(mean), c)
	atLeast("BatchNormGrad", "invstd", len(invstd), c)
	atLeast("BatchNormGrad", "dx", len(dx), rows*c)
	atLeast("BatchNormGrad", "dgamma", len(dgamma), c)
	atLeast("BatchNormGrad", "dbeta", len(dbeta), c)
	if c == 0 {
		return
	}
	normaliseSums(rows, c, x, dy, mean, invstd, dgamma, dbeta)
	normaliseGrad(rows, c, x, dy, gamma, mean, invstd, dgamma, dbeta, dx)
}

// UpdateMoving moves a running average towards the value of a batch: moving[i] = momentum·moving[i] + (1-momentum)·batch[i].
func UpdateMoving(momentum float64, batch, moving []float32) {
	exactly("UpdateMoving", "moving", len(moving), len(batch))
	keep, take := float32(momentum), float32(1-momentum)
	for i, v := range batch {
		moving[i] = float32(keep*moving[i]) + float32(take*v)
	}
}

func checkBatchNorm(kernel string, rows, c int, x, gamma, beta []float32) {
	sizes(kernel, rows, c, 0)
	atLeast(kernel, "x", len(x), rows*c)
	if gamma != nil {
		atLeast(kernel, "gamma", len(gamma), c)
	}
	if beta != nil {
		atLeast(kernel, "beta", len(beta), c)
	}
}

func inverseStd(variance float32, eps float64) float32 {
	return float32(1 / math.Sqrt(float64(variance)+eps))
}

// momentsGo is the part of BatchNormTrain that finds mean and variance.
func momentsGo(rows, c int, x, mean, variance []float32) {
	for j := range c {
		var sum, squares float64
		for r := range rows {
			sum += float64(x[r*c+j])
		}
		m := sum / float64(rows)
		for r := range rows {
			d := float64(x[r*c+j]) - m
			squares += float64(d * d)
		}
		mean[j], variance[j] = float32(m), float32(squares/float64(rows))
	}
}

// normaliseGo is the part of BatchNormTrain and BatchNormInfer that computes y.
func normaliseGo(rows, c int, x, gamma, beta, mean, invstd, y []float32) {
	for r := range rows {
		in, out := x[r*c:(r+1)*c], y[r*c:(r+1)*c]
		for j, v := range in {
			v = float32((v - mean[j]) * invstd[j])
			if gamma != nil {
				v = float32(v * gamma[j])
			}
			if beta != nil {
				v += beta[j]
			}
			out[j] = v
		}
	}
}

// normaliseSumsGo is the part of BatchNormGrad that computes dgamma and dbeta.
func normaliseSumsGo(rows, c int, x, dy, mean, invstd, dgamma, dbeta []float32) {
	for j := range c {
		var dg, db float64
		for r := range rows {
			d := float64(dy[r*c+j])
			db += d
			dg += float64(d * (float64(x[r*c+j]) - float64(mean[j])))
		}
		dgamma[j], dbeta[j] = float32(dg*float64(invstd[j])), float32(db)
	}
}

// normaliseGradGo is the part of BatchNormGrad that computes dx.
func normaliseGradGo(rows, c int, x, dy, gamma, mean, invstd, dgamma, dbeta, dx []float32) {
	for r := range rows {
		in, d, out := x[r*c:(r+1)*c], dy[r*c:(r+1)*c], dx[r*c:(r+1)*c]
		for j, v := range in {
			g := invstd[j]
			if gamma != nil {
				g *= gamma[j]
			}
			out[j] = g * (d[j] - dbeta[j]/float32(rows) - float32((v-mean[j])*invstd[j]*(dgamma[j]/float32(rows))))
		}
	}
}
