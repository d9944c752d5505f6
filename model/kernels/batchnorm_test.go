package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

const batchNormEps = 1e-3

// batchNormOracle computes mean, variance and the normalised values in double precision.
func batchNormOracle(rows, c int, x []float32) (mean, variance, xhat []float64) {
	mean, variance, xhat = make([]float64, c), make([]float64, c), make([]float64, rows*c)
	for j := range c {
		for r := range rows {
			mean[j] += float64(x[r*c+j]) / float64(rows)
		}
		for r := range rows {
			d := float64(x[r*c+j]) - mean[j]
			variance[j] += d * d / float64(rows)
		}
		for r := range rows {
			xhat[r*c+j] = (float64(x[r*c+j]) - mean[j]) / math.Sqrt(variance[j]+batchNormEps)
		}
	}
	return mean, variance, xhat
}

// times returns |x|·factor + floor for each element: an error bound.
func times(x []float64, factor, floor float64) []float64 {
	b := make([]float64, len(x))
	for i, v := range x {
		b[i] = math.Abs(v)*factor + floor
	}
	return b
}

func TestBatchNorm(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for c := range 68 {
			for _, rows := range []int{1, 2, 33, 70} {
				for _, affine := range []bool{true, false} {
					checkBatchNormCase(t, &d, 1, rows, c, affine)
				}
			}
			checkBatchNormCase(t, &d, 3, 70, c, true)
		}
		checkBatchNormCase(t, &d, 1, 40, 200, true)
		checkBatchNormCase(t, &d, 4, 41, 200, false)
	})
}

// A batchNormPart is a part of the rows of a batch.
type batchNormPart struct{ from, to int }

// batchNormParts cuts rows into parts.
func batchNormParts(n, rows int) (parts []batchNormPart) {
	for i := range n {
		parts = append(parts, batchNormPart{rows * i / n, rows * (i + 1) / n})
	}
	return parts
}

// of are the part's rows of a matrix of c columns.
func (p batchNormPart) of(c int, x []float32) []float32 { return x[p.from*c : p.to*c : p.to*c] }

func (p batchNormPart) rows() int { return p.to - p.from }

// checkBatchNormCase computes batch normalisation and its gradients in so many parts, each by itself but for the sums of all.
func checkBatchNormCase(t *testing.T, d *draw, parts, rows, c int, affine bool) {
	t.Helper()
	var g guards
	values := d.fill(make([]float32, rows*c))
	for i := range values {
		values[i] += float32(i%c) / 10 // means that differ
	}
	x := g.input("x", values, d.intn(9))
	var gamma, beta []float32
	if affine {
		gamma, beta = g.input("gamma", d.fill(make([]float32, c)), d.intn(9)), g.input("beta", d.fill(make([]float32, c)), d.intn(9))
	}
	scaleOf := func(j int) float64 {
		if affine {
			return float64(gamma[j])
		}
		return 1
	}
	y := g.output("y", rows*c, d.intn(9))
	mean, variance, invstd := g.output("mean", c, d.intn(9)), g.output("variance", c, d.intn(9)), g.output("invstd", c, d.intn(9))
	sums := make([]float64, parts*2*c)
	for i, p := range batchNormParts(parts, rows) {
		own, first := sums[i*2*c:(i+1)*2*c], p.rows()/3 // rows may come in several calls
		BatchNormSums(first, c, p.of(c, x), own)
		BatchNormSums(p.rows()-first, c, p.of(c, x)[first*c:], own)
	}
	BatchNormMoments(c, rows, sums, batchNormEps, mean, variance, invstd)
	for _, p := range batchNormParts(parts, rows) {
		BatchNormTrain(p.rows(), c, p.of(c, x), gamma, beta, mean, invstd, p.of(c, y))
	}
	what := fmt.Sprintf("parts=%d rows=%d c=%d affine=%v", parts, rows, c, affine)
	g.intact(t, what)

	wantMean, wantVariance, xhat := batchNormOracle(rows, c, x)
	compare(t, what+" mean", mean, wantMean, times(wantMean, eps, 1e-12))
	compare(t, what+" variance", variance, wantVariance, times(wantVariance, 4*eps, 1e-12))
	wantInvstd := make([]float64, c)
	for j := range c {
		wantInvstd[j] = 1 / math.Sqrt(wantVariance[j]+batchNormEps)
	}
	compare(t, what+" invstd", invstd, wantInvstd, times(wantInvstd, 4*eps, 0))

	// y carries the rounding of x - mean, relative to |x| + |mean| <= 15, times the slope.
	want, bound := make([]float64, rows*c), make([]float64, rows*c)
	for i := range want {
		j := i % c
		want[i] = xhat[i] * scaleOf(j)
		bound[i] = 8 * eps * (math.Abs(want[i]) + 20*wantInvstd[j]*math.Abs(scaleOf(j)) + 1)
		if affine {
			want[i] += float64(beta[j])
		}
	}
	compare(t, what+" y", y, want, bound)
	infer := g.output("infer", rows*c, d.intn(9))
	BatchNormInfer(rows, c, x, gamma, beta, mean, variance, batchNormEps, infer, g.output("ws", c, 0))
	g.intact(t, "BatchNormInfer "+what)
	compare(t, what+" inferred y", infer, want, bound)

	dy := g.input("dy", d.fill(make([]float32, rows*c)), d.intn(9))
	dx := g.output("dx", rows*c, d.intn(9))
	dgamma, dbeta := g.output("dgamma", c, d.intn(9)), g.output("dbeta", c, d.intn(9))
	allGamma, allBeta := make([]float32, c), make([]float32, c)
	for i, p := range batchNormParts(parts, rows) {
		own, first := sums[i*2*c:(i+1)*2*c], p.rows()/3
		clear(own)
		BatchNormGradSums(first, c, p.of(c, x), p.of(c, dy), mean, own)
		BatchNormGradSums(p.rows()-first, c, p.of(c, x)[first*c:], p.of(c, dy)[first*c:], mean, own)
		BatchNormWeightGrad(c, own, invstd, dgamma, dbeta)
		for j := range c {
			allGamma[j] += dgamma[j]
			allBeta[j] += dbeta[j]
		}
	}
	factors := NewBatchNormFactors(c)
	factors.Set(rows, sums, gamma, invstd)
	for _, p := range batchNormParts(parts, rows) {
		BatchNormGrad(p.rows(), c, p.of(c, x), p.of(c, dy), mean, factors, p.of(c, dx))
	}
	g.intact(t, "BatchNormGrad "+what)
	wantGamma, wantBeta, size := make([]float64, c), make([]float64, c), make([]float64, c)
	for i, v := range dy {
		wantBeta[i%c] += float64(v)
		wantGamma[i%c] += float64(v) * xhat[i]
		size[i%c] += math.Abs(float64(v)) * 20 * wantInvstd[i%c]
	}
	compare(t, what+" dbeta", allBeta, wantBeta, times(size, float64(parts)*eps, 1e-12))
	compare(t, what+" dgamma", allGamma, wantGamma, times(size, 8*eps, 1e-12))
	for i, v := range dy {
		j, n := i%c, float64(rows)
		want[i] = scaleOf(j) * wantInvstd[j] * (float64(v) - wantBeta[j]/n - xhat[i]*wantGamma[j]/n)
		bound[i] = 16 * eps * math.Abs(scaleOf(j)) * wantInvstd[j] * (3 + 20*wantInvstd[j]*(1+size[j]/n))
	}
	compare(t, what+" dx", dx, want, bound)
	copy(dx, dy)
	BatchNormGrad(rows, c, x, dx, mean, factors, dx)
	compare(t, what+" dx in place", dx, want, bound)
}

// TestColumnSumsGoOn: sums of columns are the same to the bit in however many calls the rows come.
func TestColumnSumsGoOn(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(7)
		for _, c := range []int{1, 3, 16, 17, 64, 70, 520} {
			const rows = 50
			x, dy, mean := d.fill(make([]float32, rows*c)), d.fill(make([]float32, rows*c)), d.fill(make([]float32, c))
			sums := func(step int) (all []float64) {
				first, second, bias := make([]float64, 2*c), make([]float64, 2*c), make([]float64, BiasSums(c))
				for r := 0; r < rows; r += step {
					n := min(step, rows-r)
					BatchNormSums(n, c, x[r*c:], first)
					BatchNormGradSums(n, c, x[r*c:], dy[r*c:], mean, second)
					BiasGradSums(n, c, dy[r*c:], bias)
				}
				return slices.Concat(first, second, bias[:c])
			}
			want := sums(rows)
			for _, step := range []int{1, 7, 49} {
				if got := sums(step); !slices.Equal(got, want) {
					t.Errorf("c=%d, %d rows at a time: sums differ", c, step)
				}
			}
		}
	})
}

// TestBatchNormFarFromZero: a spread that is small against the mean keeps its variance.
func TestBatchNormFarFromZero(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		const rows = 1000
		x := make([]float32, rows)
		for i := range x {
			x[i] = 1000 + float32(i%2) // variance 1/4
		}
		mean, variance, invstd := make([]float32, 1), make([]float32, 1), make([]float32, 1)
		sums := make([]float64, 2)
		BatchNormSums(rows, 1, x, sums)
		BatchNormMoments(1, rows, sums, 0, mean, variance, invstd)
		if mean[0] != 1000.5 || !within(variance[0], 0.25, 1e-7) {
			t.Errorf("mean %v, variance %v, want 1000.5 and 0.25", mean[0], variance[0])
		}
	})
}

func TestUpdateMoving(t *testing.T) {
	moving := []float32{1, 2}
	UpdateMoving(0.99, []float32{3, -2}, moving)
	compare(t, "moving", moving, []float64{1.02, 1.96}, []float64{2e-7, 2e-7})
}
