package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// A gemmCase is one call of Gemm with its slack in the leading dimensions.
type gemmCase struct {
	transA, transB, accumulate bool
	m, n, k                    int
	padA, padB, padC, offset   int
}

func (c gemmCase) String() string {
	return fmt.Sprintf("transA=%v transB=%v accumulate=%v m=%d n=%d k=%d pads=%d,%d,%d offset=%d",
		c.transA, c.transB, c.accumulate, c.m, c.n, c.k, c.padA, c.padB, c.padC, c.offset)
}

// check runs the case in the active variant against sums in double precision.
func (c gemmCase) check(t *testing.T, d *draw, special bool) {
	t.Helper()
	rowsA, colsA, rowsB, colsB := c.m, c.k, c.k, c.n
	if c.transA {
		rowsA, colsA = colsA, rowsA
	}
	if c.transB {
		rowsB, colsB = colsB, rowsB
	}
	lda, ldb, ldc := colsA+c.padA, colsB+c.padB, c.n+c.padC
	extent := func(rows, cols, ld int) int {
		if rows == 0 || cols == 0 {
			return 0
		}
		return (rows-1)*ld + cols
	}
	values := func(n int) []float32 {
		x := d.fill(make([]float32, n))
		if special && n > 0 {
			x[d.intn(n)] = specials[d.intn(len(specials))]
		}
		return x
	}
	var g guards
	a := g.input("a", values(extent(rowsA, colsA, lda)), c.offset)
	b := g.input("b", values(extent(rowsB, colsB, ldb)), c.offset)
	before := values(extent(c.m, c.n, ldc))
	y := g.output("c", len(before), c.offset)
	copy(y, before)
	ws := g.output("ws", GemmWorkspace(c.transA, c.transB, c.m, c.n, c.k), c.offset)
	Gemm(c.transA, c.transB, c.m, c.n, c.k, a, lda, b, ldb, c.accumulate, y, ldc, ws)
	g.intact(t, c.String())

	for i := range c.m {
		for j := range ldc {
			at := i*ldc + j
			if at >= len(y) {
				break
			}
			if j >= c.n {
				if math.Float32bits(y[at]) != math.Float32bits(before[at]) {
					t.Fatalf("%v: wrote between the rows of c at row %d, column %d", c, i, j)
				}
				continue
			}
			var sum, size float64
			if c.accumulate {
				sum = float64(before[at])
				size = math.Abs(sum)
			}
			for p := range c.k {
				ai, bi := i*lda+p, p*ldb+j
				if c.transA {
					ai = p*lda + i
				}
				if c.transB {
					bi = j*ldb + p
				}
				v := float64(a[ai]) * float64(b[bi])
				sum += v
				size += math.Abs(v)
			}
			if bound := float64(c.k+1)*eps*size + float64(c.k)*tiny; !within(y[at], sum, bound) && !math.IsInf(size, 0) {
				t.Fatalf("%v: c[%d,%d] = %v, want %v within %.3g", c, i, j, y[at], sum, bound)
			}
			// An infinite term gives an infinity or NaN, as in double precision.
			if math.IsInf(size, 0) && !within(y[at], sum, 0) {
				t.Fatalf("%v: c[%d,%d] = %v, want %v", c, i, j, y[at], sum)
			}
		}
	}
}

// transposeForms calls f for all four forms, with and without accumulation.
func transposeForms(f func(transA, transB, accumulate bool)) {
	for form := range 8 {
		f(form&1 != 0, form&2 != 0, form&4 != 0)
	}
}

func TestGemmSmallSizes(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		transposeForms(func(transA, transB, accumulate bool) {
			for size := range 68 { // every size in each of the three places
				other, third := 1+d.intn(20), 1+d.intn(40)
				for _, s := range [][3]int{{size, other, third}, {other, size, third}, {other, third, size}} {
					c := gemmCase{transA, transB, accumulate, s[0], s[1], s[2], d.intn(4), d.intn(4), d.intn(4), d.intn(17)}
					c.check(t, &d, false)
				}
			}
		})
	})
}

// TestGemmBlocks crosses every block size: several blocks of rows and of the inner dimension, copied panels, rows of A
// that compete for cache sets.
func TestGemmBlocks(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(2)
		transposeForms(func(transA, transB, accumulate bool) {
			for _, s := range [][3]int{{65, 70, 128}, {3, 40, 1600}, {64, 33, 800}, {530, 5, 9}, {515, 34, 3}, {17, 100, 256}} {
				gemmCase{transA, transB, accumulate, s[0], s[1], s[2], 0, 0, 0, 1}.check(t, &d, false)
			}
		})
	})
}

func TestGemmSpecialValues(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(3)
		transposeForms(func(transA, transB, accumulate bool) {
			for range 60 {
				c := gemmCase{transA, transB, accumulate, 1 + d.intn(9), 1 + d.intn(40), 1 + d.intn(9), 0, 0, 0, d.intn(4)}
				c.check(t, &d, true)
			}
		})
	})
}

// TestGemmRowsAreIndependent: a row of the result is the same in every bit whatever stands beside it, so that the last,
// shorter batch and any split of a batch give the same.
func TestGemmRowsAreIndependent(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(4)
		const m, n, k = 80, 70, 900
		a, b := d.fill(make([]float32, m*k)), d.fill(make([]float32, k*n))
		all := make([]float32, m*n)
		ws := make([]float32, GemmWorkspace(false, false, m, n, k))
		Gemm(false, false, m, n, k, a, k, b, n, false, all, n, ws)
		for _, part := range [][2]int{{0, 1}, {1, 6}, {40, 80}, {79, 80}} {
			rows := part[1] - part[0]
			y := make([]float32, rows*n)
			Gemm(false, false, rows, n, k, a[part[0]*k:], k, b, n, false, y, n, ws)
			if !slices.Equal(y, all[part[0]*n:part[1]*n]) {
				t.Errorf("rows %v alone differ from the same rows among %d", part, m)
			}
		}
	})
}

func TestGemmDoesNotAllocate(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		const m, n, k = 70, 40, 30
		a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		ws := make([]float32, GemmWorkspace(false, false, m, n, k))
		if got := testing.AllocsPerRun(10, func() { Gemm(false, false, m, n, k, a, k, b, n, false, c, n, ws) }); got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
}

func TestDense(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(5)
		for act := range numActivations {
			for _, s := range [][3]int{{5, 10, 4}, {1, 1, 1}, {7, 33, 3}, {70, 65, 17}, {5, 3, 0}, {0, 3, 2}} {
				for _, withBias := range []bool{true, false} {
					checkDense(t, &d, act, s[0], s[1], s[2], withBias)
				}
			}
		}
	})
}

// TestDenseColumns: columns have the same bits alone as among all, and the others are left alone.
func TestDenseColumns(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(6)
		for act := range numActivations {
			for _, s := range []struct{ m, n, k, from, to int }{
				{5, 70, 4, 32, 70}, {3, 40, 7, 5, 19}, {70, 200, 800, 64, 128}, {70, 128, 512, 0, 96}, {2, 3, 2, 1, 1}, {0, 3, 2, 1, 2}, {4, 9, 0, 2, 9},
			} {
				x, w, bias := d.fill(make([]float32, s.m*s.k)), d.fill(make([]float32, s.k*s.n)), d.fill(make([]float32, s.n))
				want, got := make([]float32, s.m*s.n), make([]float32, s.m*s.n)
				Dense(s.m, s.n, s.k, x, w, bias, act, Drop{}, want, make([]float32, DenseWorkspace(s.m, s.n, s.k)))
				for i := range got {
					if c := i % s.n; c < s.from || c >= s.to {
						got[i], want[i] = -7, -7
					}
				}
				DenseColumns(s.m, s.n, s.k, s.from, s.to, x, w, bias, act, Drop{}, got, make([]float32, DenseWorkspace(s.m, s.to-s.from, s.k)))
				for i, v := range want {
					if math.Float32bits(got[i]) != math.Float32bits(v) {
						t.Errorf("%v %+v: element %d is %v, want %v", act, s, i, got[i], v)
						break
					}
				}
			}
		}
	})
}

func checkDense(t *testing.T, d *draw, act Activation, m, n, k int, withBias bool) {
	t.Helper()
	var g guards
	x := g.input("x", d.fill(make([]float32, m*k)), 1)
	w := g.input("w", d.fill(make([]float32, k*n)), 2)
	var bias []float32
	if withBias {
		bias = g.input("bias", d.fill(make([]float32, n)), 3)
	}
	y := g.output("y", m*n, 1)
	ws := g.output("ws", DenseWorkspace(m, n, k), 0)
	Dense(m, n, k, x, w, bias, act, Drop{}, y, ws)
	what := fmt.Sprintf("%v m=%d n=%d k=%d bias=%v", act, m, n, k, withBias)
	g.intact(t, what)

	// The sum in double precision, then the activation; the error of the sum is carried through by its slope, which is
	// below 1.8 for every activation but exp, whose slope is its value.
	want, bound := make([]float64, m*n), make([]float64, m*n)
	for i := range m {
		for j := range n {
			var sum, size float64
			if withBias {
				sum = float64(bias[j])
				size = math.Abs(sum)
			}
			for p := range k {
				v := float64(x[i*k+p]) * float64(w[p*n+j])
				sum += v
				size += math.Abs(v)
			}
			f := activations[act].f(sum)
			want[i*n+j] = f
			bound[i*n+j] = float64(k+1)*eps*size*max(1.8, math.Abs(f)) + 8*eps*math.Abs(f) + eps*eps
		}
	}
	compare(t, what, y, want, bound)
}

func TestBiasGrad(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(6)
		for n := range 68 {
			for _, rows := range []int{0, 1, 2, 7, 300} {
				var g guards
				dy := g.input("dy", d.fill(make([]float32, rows*n)), d.intn(9))
				db := g.output("db", n, d.intn(9))
				sums := make([]float64, BiasSums(n))
				BiasGradSums(rows, n, dy, sums)
				BiasGrad(sums, db)
				g.intact(t, "BiasGrad")
				want, bound := make([]float64, n), make([]float64, n)
				for j := range n {
					for r := range rows {
						want[j] += float64(dy[r*n+j])
					}
					bound[j] = eps*math.Abs(want[j]) + 1e-12 // one rounding of a sum in double precision
				}
				compare(t, fmt.Sprintf("rows=%d n=%d", rows, n), db, want, bound)
			}
		}
	})
}
