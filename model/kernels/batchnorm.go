package kernels

import "math"

// columnBlock is the number of columns whose factors or sums are prepared at a time.
const columnBlock = 64

// BatchNormSums makes the sums that BatchNormTrain needs: Σ_r x[r,j] for each of the c columns of x, then Σ_r x[r,j]². They are
// in double precision; sums holds 2c elements.
func BatchNormSums(rows, c int, x []float32, sums []float64) {
	sizes("BatchNormSums", rows, c, 0)
	atLeast("BatchNormSums", "x", len(x), rows*c)
	atLeast("BatchNormSums", "sums", len(sums), 2*c)
	var first, second [columnBlock]float64
	for j := 0; j < c; j += columnBlock {
		n := min(columnBlock, c-j)
		columnSquares(rows, n, c, x[min(j, len(x)):], &first, &second)
		copy(sums[j:], first[:n])
		copy(sums[c+j:], second[:n])
	}
}

// BatchNormTrain normalises each column of the rows x c matrix x by the mean and the biased variance of a batch, which it also
// returns, then scales by gamma and shifts by beta (nil: 1 and 0). x is the batch or a part of its rows; sums are those of
// BatchNormSums for all parts, one after the other. batch is the number of rows of all parts. y may alias x.
//
//	mean[j] = Σ_parts Σ_r x[r,j] / batch
//	variance[j] = Σ_parts Σ_r x[r,j]² / batch - mean[j]²
//	invstd[j] = 1 / √(variance[j] + eps)
//	y[r,j] = (x[r,j] - mean[j]) · invstd[j] · gamma[j] + beta[j]
//
// Sums are in double precision. batch is at least 1.
func BatchNormTrain(rows, c int, x []float32, batch int, sums []float64, gamma, beta []float32, eps float64, y, mean, variance, invstd []float32) {
	checkBatchNorm("BatchNormTrain", rows, c, x, gamma, beta)
	checkParts("BatchNormTrain", c, batch, sums)
	atLeast("BatchNormTrain", "y", len(y), rows*c)
	atLeast("BatchNormTrain", "mean", len(mean), c)
	atLeast("BatchNormTrain", "variance", len(variance), c)
	atLeast("BatchNormTrain", "invstd", len(invstd), c)
	share := 1 / float64(batch)
	for j := range c {
		sum, squares := addParts(c, j, sums)
		m := sum * share
		v := math.FMA(-m, m, squares*share)
		if v < 0 { // by rounding; NaN stays
			v = 0
		}
		mean[j], variance[j] = float32(m), float32(v)
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
	for j := range c {
		ws[j] = inverseStd(variance[j], eps)
	}
	normalise(rows, c, x, gamma, beta, mean, ws, y)
}

// BatchNormGradSums makes the sums that BatchNormGrad needs, from x, its gradient dy and the moments that BatchNormTrain
// returned: Σ_r dy[r,j] for each of the c columns, then Σ_r dy[r,j] · (x[r,j] - mean[j]). They are in double precision; sums holds
// 2c elements. They give what these rows add to the gradients of gamma and beta:
//
//	dbeta[j] = Σ_r dy[r,j]
//	dgamma[j] = Σ_r dy[r,j] · (x[r,j] - mean[j]) · invstd[j]
func BatchNormGradSums(rows, c int, x, dy, mean, invstd []float32, sums []float64, dgamma, dbeta []float32) {
	checkBatchNorm("BatchNormGradSums", rows, c, x, nil, nil)
	atLeast("BatchNormGradSums", "dy", len(dy), rows*c)
	atLeast("BatchNormGradSums", "mean", len(mean), c)
	atLeast("BatchNormGradSums", "invstd", len(invstd), c)
	atLeast("BatchNormGradSums", "sums", len(sums), 2*c)
	atLeast("BatchNormGradSums", "dgamma", len(dgamma), c)
	atLeast("BatchNormGradSums", "dbeta", len(dbeta), c)
	var first, second [columnBlock]float64
	for j := 0; j < c; j += columnBlock {
		n := min(columnBlock, c-j)
		columnProducts(rows, n, c, x[min(j, len(x)):], dy[min(j, len(dy)):], mean[j:], &first, &second)
		copy(sums[j:], first[:n])
		copy(sums[c+j:], second[:n])
	}
	for j := range c {
		dbeta[j], dgamma[j] = float32(sums[j]), float32(sums[c+j]*float64(invstd[j]))
	}
}

// BatchNormGrad computes the gradient of BatchNormTrain with respect to x from x, dy, the sums of BatchNormGradSums for all
// parts of the batch, one after the other, and the moments that BatchNormTrain returned; gamma may be nil (1). dx may alias dy.
//
//	dx[r,j] = gamma[j] · invstd[j] · (dy[r,j] - dbeta[j]/batch - (x[r,j] - mean[j]) · invstd[j] · dgamma[j]/batch)
//
// dgamma and dbeta are those of the whole batch.
func BatchNormGrad(rows, c int, x, dy []float32, batch int, sums []float64, gamma, mean, invstd, dx []float32) {
	checkBatchNorm("BatchNormGrad", rows, c, x, gamma, nil)
	checkParts("BatchNormGrad", c, batch, sums)
	atLeast("BatchNormGrad", "dy", len(dy), rows*c)
	atLeast("BatchNormGrad", "mean", len(mean), c)
	atLeast("BatchNormGrad", "invstd", len(invstd), c)
	atLeast("BatchNormGrad", "dx", len(dx), rows*c)
	var factor, slope, shift [columnBlock]float32
	for j0 := 0; j0 < c; j0 += columnBlock {
		cols := min(columnBlock, c-j0)
		for k := range cols {
			j := j0 + k
			sum, products := addParts(c, j, sums)
			factor[k] = scaled(invstd[j], gamma, j)
			slope[k] = invstd[j] * (float32(products*float64(invstd[j])) / float32(batch))
			shift[k] = float32(sum) / float32(batch)
		}
		if rows > 0 {
			normaliseGradColumns(rows, cols, c, x[j0:], dy[j0:], mean[j0:], factor[:cols], slope[:cols], shift[:cols], dx[j0:])
		}
	}
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

func checkParts(kernel string, c, batch int, sums []float64) {
	atLeast(kernel, "batch", batch, 1)
	atLeast(kernel, "sums", len(sums), 2*c)
	if c > 0 {
		exactly(kernel, "sums", len(sums), len(sums)/(2*c)*2*c)
	}
}

// addParts adds up the two sums of column j of all parts, in their order.
func addParts(c, j int, sums []float64) (first, second float64) {
	for ; len(sums) > 0; sums = sums[2*c:] {
		first += sums[j]
		second += sums[c+j]
	}
	return first, second
}

func inverseStd(variance float32, eps float64) float32 {
	return float32(1 / math.Sqrt(float64(variance)+eps))
}

// scaled is v·gamma[j], gamma being 1 where it is nil.
func scaled(v float32, gamma []float32, j int) float32 {
	if gamma == nil {
		return v
	}
	return v * gamma[j]
}

// normalise computes y = (x - mean)·invstd·gamma + beta by columns.
func normalise(rows, c int, x, gamma, beta, mean, invstd, y []float32) {
	var factor, shift [columnBlock]float32
	for j0 := 0; j0 < c; j0 += columnBlock {
		cols := min(columnBlock, c-j0)
		for j := range cols {
			factor[j], shift[j] = scaled(invstd[j0+j], gamma, j0+j), 0
			if beta != nil {
				shift[j] = beta[j0+j]
			}
		}
		if rows > 0 {
			normaliseColumns(rows, cols, c, x[j0:], mean[j0:], factor[:cols], shift[:cols], y[j0:])
		}
	}
}

// The loops below work on n columns of matrices with ld columns.

// columnSquaresGo computes Σx and Σx² by columns.
func columnSquaresGo(rows, n, ld int, x []float32, sums, squares *[columnBlock]float64) {
	clear(sums[:n])
	clear(squares[:n])
	for r := range rows {
		for j, v := range x[r*ld:][:n] {
			d := float64(v)
			sums[j] += d
			squares[j] += float64(d * d)
		}
	}
}

// normaliseColumnsGo computes y = (x - mean)·factor + shift by columns.
func normaliseColumnsGo(rows, n, ld int, x, mean, factor, shift, y []float32) {
	for r := range rows {
		in, out := x[r*ld:][:n], y[r*ld:][:n]
		for j, v := range in {
			out[j] = float32((v-mean[j])*factor[j]) + shift[j]
		}
	}
}

// columnProductsGo computes Σdy and Σdy·(x - mean) by columns.
func columnProductsGo(rows, n, ld int, x, dy, mean []float32, sums, products *[columnBlock]float64) {
	clear(sums[:n])
	clear(products[:n])
	for r := range rows {
		in := x[r*ld:][:n]
		for j, v := range dy[r*ld:][:n] {
			d := float64(v)
			sums[j] += d
			products[j] += float64(d * (float64(in[j]) - float64(mean[j])))
		}
	}
}

// normaliseGradColumnsGo computes dx = factor·(dy - shift - (x - mean)·slope) by columns.
func normaliseGradColumnsGo(rows, n, ld int, x, dy, mean, factor, slope, shift, dx []float32) {
	for r := range rows {
		in, d, out := x[r*ld:][:n], dy[r*ld:][:n], dx[r*ld:][:n]
		for j, v := range in {
			out[j] = factor[j] * (d[j] - shift[j] - float32((v-mean[j])*slope[j]))
		}
	}
}
