package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// newton are the sizes of Muon's matrices: x is rows x columns, no higher than wide, and its products with itself rows x rows.
type newton struct{ rows, columns int }

// lines rounds a length up to whole lines of memory.
func lines(n int) int { return (n + alignment - 1) / alignment * alignment }

func (q newton) square() division { return divideProduct(q.rows, q.rows, q.columns) }
func (q newton) fourth() division { return divideProduct(q.rows, q.rows, q.rows) }
func (q newton) change() division { return divideProduct(q.rows, q.columns, q.rows) }

// products is what the products want for themselves, one after the other.
func (q newton) products() int {
	return max(
		q.square().scratch(func(n int) int { return kernels.GemmWorkspace(false, true, q.rows, n, q.columns) }),
		q.fourth().scratch(func(n int) int { return kernels.GemmWorkspace(false, false, q.rows, n, q.rows) }),
		q.change().scratch(func(n int) int { return kernels.GemmWorkspace(false, false, q.rows, n, q.rows) }),
	)
}

func newtonOf(shape []int) newton { return newton{min(shape[0], shape[1]), max(shape[0], shape[1])} }

func muonScratch(_ optimizer.Muon, shape []int) int {
	q := newtonOf(shape)
	return 2*lines(q.rows*q.columns) + 2*lines(q.rows*q.rows) + q.products()
}

// muon is the step of optimizer.Muon: x in scratch becomes the momentum, its products make it orthogonal, and the weights follow it.
func muon(r optimizer.Muon, shape []int, o operands) call {
	q, p, g, m := newtonOf(shape), o.out, o.in[0], o.side[0]
	rows, columns := q.rows, q.columns
	rest := o.scratch
	take := func(n int) (s []float32) { s, rest = rest[:n:n], rest[lines(n):]; return s }
	x, y, s, t := take(rows*columns), take(rows*columns), take(rows*rows), take(rows*rows)
	square := q.square().call(rest, func(_ *plan.Step, from, to int, ws []float32) {
		kernels.Gemm(false, true, rows, to-from, columns, x, columns, x[from*columns:], columns, false, s[from:], rows, ws)
	})
	fourth := q.fourth().call(rest, func(_ *plan.Step, from, to int, ws []float32) {
		kernels.Gemm(false, false, rows, to-from, rows, s, rows, s[from:], rows, false, t[from:], rows, ws)
	})
	change := q.change().call(rest, func(_ *plan.Step, from, to int, ws []float32) {
		kernels.Gemm(false, false, rows, to-from, rows, t, rows, x[from:], columns, false, y[from:], columns, ws)
	})
	high := shape[0] > shape[1]
	scale := r.RMSRate * math.Sqrt(float64(columns))
	if r.RMSRate == 0 {
		scale = 1
	}
	return func(step *plan.Step) {
		kernels.MuonMomentum(g, m, y, r.Momentum, r.Nesterov)
		kernels.Scale(float32(1/(math.Sqrt(kernels.SumSquares64(y))+1e-7)), y, y)
		orient(high, rows, columns, y, x)
		for range r.Steps {
			square(step)
			fourth(step)
			kernels.Combine(float32(r.B), s, float32(r.C), t)
			change(step)
			kernels.Combine(1, y, float32(r.A), x)
		}
		orient(high, columns, rows, x, y)
		kernels.SGD(p, y, step.Scalars.Rate*scale)
	}
}

// orient copies a matrix, rows x columns as it becomes, and transposes it where high is set.
func orient(high bool, rows, columns int, from, to []float32) {
	if !high {
		copy(to, from)
		return
	}
	for i := range rows {
		for j := range columns {
			to[i*columns+j] = from[j*rows+i]
		}
	}
}
