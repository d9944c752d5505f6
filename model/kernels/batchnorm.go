package kernels

import "math"

// columnBlock is the number of columns whose factors or sums are prepared at a time.
const columnBlock = 64

// A columnPair is two sums of a block of columns, in whole vectors.
type columnPair struct{ first, second [columnBlock]float64 }

// load takes columns j to j+n of c from sums.
func (p *columnPair) load(sums []float64, c, j, n int) {
	copy(p.first[:n], sums[j:])
	copy(p.second[:n], sums[c+j:])
}

// store puts them back.
func (p *columnPair) store(sums []float64, c, j, n int) {
	copy(sums[j:], p.first[:n])
	copy(sums[c+j:], p.second[:n])
}

// BatchNormSums adds to the sums that BatchNormMoments needs: Σ_r x[r,j] for each of the c columns of x, then Σ_r x[r,j]². They
// are in double precision; sums holds 2c elements. Rows may come in several calls: the sums are the same to the bit.
func BatchNormSums(rows, c int, x []float32, sums []float64) {
	sizes("BatchNormSums", rows, c, 0)
	atLeast("BatchNormSums", "x", len(x), rows*c)
	atLeast("BatchNormSums", "sums", len(sums), 2*c)
	for j := 0; j < c; j += columnBlock {
		var block columnPair
		n := min(columnBlock, c-j)
		block.load(sums, c, j, n)
		columnSquares(rows, n, c, x[min(j, len(x)):], &block.first, &block.second)
		block.store(sums, c, j, n)
	}
}

// BatchNormMoments computes mean, biased variance and 1/√(variance+eps) of the columns of a batch. sums are those of BatchNormSums
// for each part of its rows, one after the other; batch is the number of rows of all parts, at least 1.
//
//	mean[j] = Σ_parts Σ_r x[r,j] / batch
//	variance[j] = Σ_parts Σ_r x[r,j]² / batch - mean[j]²
//	invstd[j] = 1 / √(variance[j] + eps)
func BatchNormMoments(c, batch int, sums []float64, eps float64, mean, variance, invstd []float32) {
	const kernel = "BatchNormMoments"
	sizes(kernel, c, 0, 0)
	checkParts(kernel, c, batch, sums)
	atLeast(kernel, "mean", len(mean), c)
	atLeast(kernel, "variance", len(variance), c)
	atLeast(kernel, "invstd", len(invstd), c)
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
}

// BatchNormTrain normalises each column of the rows x c matrix x by the moments of BatchNormMoments, then scales by gamma and
// shifts by beta (nil: 1 and 0). y may alias x.
//
//	y[r,j] = (x[r,j] - mean[j]) · invstd[j] · gamma[j] + beta[j]
func BatchNormTrain(rows, c int, x, gamma, beta, mean, invstd, y []float32) {
	const kernel = "BatchNormTrain"
	checkBatchNorm(kernel, rows, c, x, gamma, beta)
	atLeast(kernel, "mean", len(mean), c)
	atLeast(kernel, "invstd", len(invstd), c)
	atLeast(kernel, "y", len(y), rows*c)
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

// BatchNormGradSums adds to the sums that BatchNormFactors needs, from x, its gradient dy and the mean of BatchNormMoments:
// Σ_r dy[r,j] for each of the c columns, then Σ_r dy[r,j] · (x[r,j] - mean[j]). They are in double precision; sums holds 2c
// elements. Rows may come in several calls: the sums are the same to the bit.
func BatchNormGradSums(rows, c int, x, dy, mean []float32, sums []float64) {
	checkBatchNorm("BatchNormGradSums", rows, c, x, nil, nil)
	atLeast("BatchNormGradSums", "dy", len(dy), rows*c)
	atLeast("BatchNormGradSums", "mean", len(mean), c)
	atLeast("BatchNormGradSums", "sums", len(sums), 2*c)
	for j := 0; j < c; j += columnBlock {
		var block columnPair
		n := min(columnBlock, c-j)
		block.load(sums, c, j, n)
		columnProducts(rows, n, c, x[min(j, len(x)):], dy[min(j, len(dy)):], mean[j:], &block.first, &block.second)
		block.store(sums, c, j, n)
	}
}

// BatchNormWeightGrad computes what the rows of sums, which are those of BatchNormGradSums, add to the gradients of gamma and beta:
//
//	dbeta[j] = Σ_r dy[r,j]
//	dgamma[j] = Σ_r dy[r,j] · (x[r,j] - mean[j]) · invstd[j]
func BatchNormWeightGrad(c int, sums []float64, invstd, dgamma, dbeta []float32) {
	const kernel = "BatchNormWeightGrad"
	sizes(kernel, c, 0, 0)
	atLeast(kernel, "sums", len(sums), 2*c)
	atLeast(kernel, "invstd", len(invstd), c)
	atLeast(kernel, "dgamma", len(dgamma), c)
	atLeast(kernel, "dbeta", len(dbeta), c)
	for j := range c {
		dbeta[j], dgamma[j] = float32(sums[j]), float32(sums[c+j]*float64(invstd[j]))
	}
}

// A BatchNormFactors is what BatchNormGrad does to the columns of x and dy, c of each.
type BatchNormFactors struct{ factor, slope, shift []float32 }

// NewBatchNormFactors makes room for the factors of c columns.
func NewBatchNormFactors(c int) *BatchNormFactors {
	return &BatchNormFactors{make([]float32, c), make([]float32, c), make([]float32, c)}
}

// Set computes the factors from the sums of BatchNormGradSums for each part of the batch, one after the other, the rows of all
// parts, gamma, which may be nil (1), and 1/√(variance+eps).
func (f *BatchNormFactors) Set(batch int, sums []float64, gamma, invstd []float32) {
	const kernel = "BatchNormFactors"
	c := len(f.factor)
	checkParts(kernel, c, batch, sums)
	if gamma != nil {
		atLeast(kernel, "gamma", len(gamma), c)
	}
	atLeast(kernel, "invstd", len(invstd), c)
	for j := range c {
		sum, products := addParts(c, j, sums)
		f.factor[j] = scaled(invstd[j], gamma, j)
		f.slope[j] = invstd[j] * (float32(products*float64(invstd[j])) / float32(batch))
		f.shift[j] = float32(sum) / float32(batch)
	}
}

// BatchNormGrad computes the gradient of BatchNormTrain with respect to x from x, dy, the mean and the factors. dx may alias dy.
//
//	dx[r,j] = gamma[j] · invstd[j] · (dy[r,j] - dbeta[j]/batch - (x[r,j] - mean[j]) · invstd[j] · dgamma[j]/batch)
//
// dgamma and dbeta are those of the whole batch.
func BatchNormGrad(rows, c int, x, dy, mean []float32, f *BatchNormFactors, dx []float32) {
	const kernel = "BatchNormGrad"
	checkBatchNorm(kernel, rows, c, x, nil, nil)
	atLeast(kernel, "dy", len(dy), rows*c)
	atLeast(kernel, "mean", len(mean), c)
	exactly(kernel, "factors", len(f.factor), c)
	atLeast(kernel, "dx", len(dx), rows*c)
	if rows == 0 {
		return
	}
	for j := 0; j < c; j += columnBlock {
		n := min(columnBlock, c-j)
		normaliseGradColumns(rows, n, c, x[j:], dy[j:], mean[j:], f.factor[j:][:n], f.slope[j:][:n], f.shift[j:][:n], dx[j:])
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

// columnSquaresGo adds Σx and Σx² by columns.
func columnSquaresGo(rows, n, ld int, x []float32, sums, squares *[columnBlock]float64) {
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

// columnProductsGo adds Σdy and Σdy·(x - mean) by columns.
func columnProductsGo(rows, n, ld int, x, dy, mean []float32, sums, products *[columnBlock]float64) {
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
