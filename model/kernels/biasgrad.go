package kernels

import "fmt"

// Limits of a block of a bias' gradient: what the gradient of the activation writes is still in the first-level cache when its
// columns are summed. sumColumns is a multiple of every vector.
const (
	sumColumns  = 512
	sumElements = 2048
)

// BiasSums is the length of the sums of n columns.
func BiasSums(n int) int { return (n + widestVector - 1) / widestVector * widestVector }

// widestVector is the number of columns whose sums are done at a time, at the most.
const widestVector = 16

// BiasGradSums adds the columns of the rows x n matrix dz to sums, BiasSums(n) long, in double precision and in the order of the
// rows. Rows may come in several calls: the sums are the same to the bit.
//
//	for j := range n {
//		for r := range rows {
//			sums[j] += float64(dz[r,j])
//		}
//	}
func BiasGradSums(rows, n int, dz []float32, sums []float64) {
	const kernel = "BiasGradSums"
	sizes(kernel, rows, n, 0)
	atLeast(kernel, "dz", len(dz), rows*n)
	atLeast(kernel, "sums", len(sums), BiasSums(n))
	biasGrad(rows, n, dz, sums, func(int, int) {})
}

// BiasGrad rounds the sums of columns to the gradient of a bias.
func BiasGrad(sums []float64, db []float32) {
	atLeast("BiasGrad", "sums", len(sums), len(db))
	for j := range db {
		db[j] = float32(sums[j])
	}
}

// ActivationBiasGrad computes the gradients of a layer's sums and of its bias in one sweep: those of an activation and of the
// dropout behind it from their output y (rows x n), and the sums of their columns. It equals
//
//	ActivationGrad(act, y, dy, dz) // ReLUDropoutGrad(rate, y, dy, dz) where rate is not 0, for ReLU only
//	BiasGradSums(rows, n, dz, sums)
//
// to the bit. dz may alias dy. It panics unless act.GradFromOutput().
func ActivationBiasGrad(act Activation, rate float32, rows, n int, y, dy, dz []float32, sums []float64) {
	const kernel = "ActivationBiasGrad"
	sizes(kernel, rows, n, 0)
	atLeast(kernel, "y", len(y), rows*n)
	atLeast(kernel, "dy", len(dy), rows*n)
	atLeast(kernel, "dz", len(dz), rows*n)
	atLeast(kernel, "sums", len(sums), BiasSums(n))
	if !act.GradFromOutput() {
		panic(fmt.Sprintf("kernels: %s: the output of %v does not determine its derivative", kernel, act))
	}
	if rate != 0 && act != ReLU {
		panic(fmt.Sprintf("kernels: %s: %v with dropout, want %v", kernel, act, ReLU))
	}
	scale := dropoutScale(kernel, rate)
	biasGrad(rows, n, dz, sums, func(from, to int) {
		if rate != 0 {
			reluDropoutGrad(scale, y[from:to], dy[from:to], dz[from:to])
		} else {
			activationGrad(act, y[from:to], dy[from:to], dz[from:to])
		}
	})
}

// biasGrad adds the columns of dz block by block. before is called for every run of elements right before they are read.
func biasGrad(rows, n int, dz []float32, sums []float64, before func(from, to int)) {
	for j := 0; j < n; j += sumColumns {
		cols := min(sumColumns, n-j)
		block := max(1, sumElements/cols)
		for r := 0; r < rows; r += block {
			m := min(block, rows-r)
			if cols == n {
				before(r*n, (r+m)*n)
			} else {
				for i := r; i < r+m; i++ {
					before(i*n+j, i*n+j+cols)
				}
			}
			columnSums(m, cols, n, dz[r*n+j:], sums[j:])
		}
	}
}

// columnSumsGo adds n of the ld columns of x to sums.
func columnSumsGo(rows, n, ld int, x []float32, sums []float64) {
	for r := range rows {
		for j, v := range x[r*ld:][:n] {
			sums[j] += float64(v)
		}
	}
}
