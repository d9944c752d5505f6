package kernels

import (
	"fmt"
	"math"
	"testing"
)

// softmaxOracle computes the softmax of a row and log Σ exp in double precision.
func softmaxOracle(x []float32) (p []float64, lse float64) {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, float64(v))
	}
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	p = make([]float64, len(x))
	for j, v := range x {
		p[j] = math.Exp(float64(v)-top) / sum
	}
	return p, top + math.Log(sum)
}

// A logit's distance from the largest is rounded, which moves its exponential by up to eps times that distance.
const logitRange = 12

func drawLogits(d *draw, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = logitRange / 2 * d.float()
	}
	return x
}

func softmaxSizes(f func(rows, n int)) {
	for n := 1; n < 68; n++ {
		f(1+n%5, n)
	}
	f(0, 5)
	f(3, 1000)
}

func TestSoftmax(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		softmaxSizes(func(rows, n int) {
			var g guards
			x := g.input("x", drawLogits(&d, rows*n), d.intn(9))
			y := g.output("y", rows*n, d.intn(9))
			Softmax(rows, n, x, y)
			what := fmt.Sprintf("rows=%d n=%d", rows, n)
			g.intact(t, what)
			want, bound := make([]float64, rows*n), make([]float64, rows*n)
			for r := range rows {
				p, _ := softmaxOracle(x[r*n : (r+1)*n])
				for j, v := range p {
					want[r*n+j], bound[r*n+j] = v, float64(n/8+2*logitRange+8)*eps*v
				}
			}
			compare(t, what, y, want, bound)
			copy(y, x)
			Softmax(rows, n, y, y)
			compare(t, what+" in place", y, want, bound)

			dy := d.fill(make([]float32, rows*n))
			dx := g.output("dx", rows*n, d.intn(9))
			SoftmaxGrad(rows, n, y, dy, dx)
			g.intact(t, what)
			for r := range rows {
				var dot float64
				for j := range n {
					dot += float64(y[r*n+j]) * float64(dy[r*n+j])
				}
				for j := range n {
					i := r*n + j
					want[i] = float64(y[i]) * (float64(dy[i]) - dot)
					bound[i] = eps*math.Abs(want[i]) + 1e-15
				}
			}
			compare(t, "gradient "+what, dx, want, bound)
		})
	})
}

func TestSoftmaxCrossEntropy(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(2)
		softmaxSizes(func(rows, n int) {
			var g guards
			x := g.input("x", drawLogits(&d, rows*n), d.intn(9))
			l := make([]float32, rows*n)
			for r := range rows {
				switch r % 3 {
				case 0: // one-hot
					l[r*n+d.intn(n)] = 1
				case 1: // any
					for j := range n {
						l[r*n+j] = (1 + d.float()) / float32(n)
					}
				} // else none
			}
			labels := g.input("labels", l, d.intn(9))
			scale := g.input("scale", d.fill(make([]float32, rows)), d.intn(9))
			losses := g.output("losses", rows, d.intn(9))
			dx := g.output("dx", rows*n, d.intn(9))
			SoftmaxCrossEntropy(rows, n, x, labels, losses)
			SoftmaxCrossEntropyGrad(rows, n, x, labels, scale, dx)
			what := fmt.Sprintf("rows=%d n=%d", rows, n)
			g.intact(t, what)
			wantLoss, boundLoss := make([]float64, rows), make([]float64, rows)
			want, bound := make([]float64, rows*n), make([]float64, rows*n)
			for r := range rows {
				p, lse := softmaxOracle(x[r*n : (r+1)*n])
				var mass float64
				for j := range n {
					i := r*n + j
					mass += float64(l[i])
					wantLoss[r] += float64(l[i]) * (lse - float64(x[i]))
				}
				relative := float64(n/8+2*logitRange+8) * eps
				boundLoss[r] = relative*mass*logitRange + tiny
				for j := range n {
					i := r*n + j
					want[i] = float64(scale[r]) * (p[j] - float64(l[i]))
					bound[i] = relative*math.Abs(float64(scale[r]))*(p[j]+float64(l[i])) + tiny
				}
			}
			compare(t, "loss "+what, losses, wantLoss, boundLoss)
			compare(t, "gradient "+what, dx, want, bound)
			copy(dx, x)
			SoftmaxCrossEntropyGrad(rows, n, dx, labels, scale, dx)
			compare(t, "gradient in place "+what, dx, want, bound)
		})
	})
}

// TestSoftmaxExtremes: large logits do not overflow, impossible ones count as zero, undefined ones spoil their row only.
func TestSoftmaxExtremes(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachVariant(t, func(t *testing.T) {
		const n = 20
		base := make([]float32, n)
		row := func(at int, v float32) []float32 {
			x := append([]float32(nil), base...)
			x[at] = v
			return x
		}
		for _, at := range []int{0, 7, 15, 16, 19} {
			x := append(append(append(row(at, 1e30), row(at, -inf)...), row(at, nan)...), row(at, inf)...)
			x = append(x, base...)
			y := make([]float32, len(x))
			Softmax(5, n, x, y)
			labels, losses := make([]float32, len(x)), make([]float32, 5)
			for r := range 5 {
				labels[r*n+3] = 1
			}
			SoftmaxCrossEntropy(5, n, x, labels, losses)
			for j := range n {
				want := []float32{0, 1.0 / (n - 1), nan, nan, 1.0 / n}
				if j == at {
					want[0], want[1] = 1, 0
				}
				for r, w := range want {
					if got := y[r*n+j]; !within(got, float64(w), 2*eps) {
						t.Errorf("special at %d: row %d: softmax[%d] = %v, want %v", at, r, j, got, w)
					}
				}
			}
			for r, w := range []float64{1e30, math.Log(n - 1), math.NaN(), math.NaN(), math.Log(n)} {
				if !within(losses[r], w, 4*eps*math.Abs(w)) {
					t.Errorf("special at %d: loss of row %d = %v, want %v", at, r, losses[r], w)
				}
			}
		}
	})
}
