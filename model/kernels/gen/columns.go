package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columns writes what works on the columns of a matrix of rows x n: the gradient of a bias and batch normalisation. A
// block of columns one vector wide is done at a time, with its sums or factors in registers. Sums are in double precision.
func columns(a *assembler) {
	columnSums(a)
	columnSquares(a)
	normaliseColumns(a)
	columnProducts(a)
	normaliseGradient(a)
}

// A columnWalk is the state of a loop over blocks of columns.
type columnWalk struct {
	view
	rows, rowSize reg.GPVirtual
}

// eachColumns calls body for all blocks of columns. matrices are the arguments that are rows x n with rowSize bytes from row
// to row, vectors those of n elements.
func (a *assembler) eachColumns(matrices, vectors []reg.GPVirtual, body func(w *columnWalk)) {
	n, rows, rowSize := a.arg("n"), a.arg("rows"), a.arg("rowSize")
	a.sweep(n, 1, append(append([]reg.GPVirtual{}, matrices...), vectors...), func(v view) {
		body(&columnWalk{v, rows, rowSize})
	})
	a.VZEROUPPER()
	a.RET()
}

// down calls body for the rows of the current block.
func (w *columnWalk) down(matrices []reg.GPVirtual, body func(p []reg.GPVirtual)) {
	at := make([]reg.GPVirtual, len(matrices))
	for i, p := range matrices {
		at[i] = w.GP64()
		w.MOVQ(p, at[i])
	}
	left, loop, done := w.GP64(), w.label("row"), w.label("done")
	w.MOVQ(w.rows, left)
	w.TESTQ(left, left)
	w.JZ(operand.LabelRef(done))
	w.Label(loop)
	body(at)
	for _, p := range at {
		w.ADDQ(w.rowSize, p)
	}
	w.DECQ(left)
	w.JNZ(operand.LabelRef(loop))
	w.Label(done)
}

// loadSums returns the accumulators of a vector's columns, two registers of double precision, with what storeSums wrote.
func (w *columnWalk) loadSums(p reg.GPVirtual) (s [2]reg.VecVirtual) {
	for h := range s {
		s[h] = w.vec()
		w.VMOVUPD(operand.Mem{Base: p, Disp: h * w.set.width()}, s[h])
	}
	return s
}

// storeSums writes accumulators in double precision, lanes past the end included, and moves the pointer on.
func (w *columnWalk) storeSums(s [2]reg.VecVirtual, p reg.GPVirtual) {
	for h, v := range s {
		w.VMOVUPD(v, operand.Mem{Base: p, Disp: h * w.set.width()})
	}
	w.ADDQ(operand.U32(2*w.set.width()), p)
}

func columnSums(a *assembler) {
	a.function("columnSums", "func(rows, n, rowSize int, x *float32, sums *float64)",
		"adds the columns of x to sums, which hold whole vectors.")
	x, sums := a.arg("x"), a.arg("sums")
	a.eachColumns([]reg.GPVirtual{x}, nil, func(w *columnWalk) {
		s := w.loadSums(sums)
		w.down([]reg.GPVirtual{x}, func(p []reg.GPVirtual) {
			lo, hi := w.loadWide(p[0])
			w.VADDPD(lo, s[0], s[0])
			w.VADDPD(hi, s[1], s[1])
		})
		w.storeSums(s, sums)
	})
}

func columnSquares(a *assembler) {
	a.function("columnSquares", "func(rows, n, rowSize int, x *float32, sums, squares *float64)",
		"adds Σx and Σx² by columns to sums and squares, which hold whole vectors.")
	x, sums, squares := a.arg("x"), a.arg("sums"), a.arg("squares")
	a.eachColumns([]reg.GPVirtual{x}, nil, func(w *columnWalk) {
		s := [][2]reg.VecVirtual{w.loadSums(sums), w.loadSums(squares)}
		w.down([]reg.GPVirtual{x}, func(p []reg.GPVirtual) {
			lo, hi := w.loadWide(p[0])
			for h, v := range []reg.VecVirtual{lo, hi} {
				w.VADDPD(v, s[0][h], s[0][h])
				w.VFMADD231PD(v, v, s[1][h])
			}
		})
		w.storeSums(s[0], sums)
		w.storeSums(s[1], squares)
	})
}

func normaliseColumns(a *assembler) {
	a.function("normalise", "func(rows, n, rowSize int, x, mean, factor, shift, y *float32)",
		"computes y = (x - mean)·factor + shift by columns.")
	x, mean, factor, shift, y := a.arg("x"), a.arg("mean"), a.arg("factor"), a.arg("shift"), a.arg("y")
	a.eachColumns([]reg.GPVirtual{x, y}, []reg.GPVirtual{mean, factor, shift}, func(w *columnWalk) {
		m, f, s := w.load(mean), w.load(factor), w.load(shift)
		w.down([]reg.GPVirtual{x, y}, func(p []reg.GPVirtual) {
			v := w.load(p[0])
			w.VSUBPS(m, v, v)
			w.VFMADD213PS(s, f, v)
			w.store(v, p[1])
		})
	})
}

func columnProducts(a *assembler) {
	a.function("columnProducts", "func(rows, n, rowSize int, x, dy, mean *float32, sums, products *float64)",
		"adds Σdy and Σdy·(x - mean) by columns to sums and products, which hold whole vectors.")
	x, dy, mean := a.arg("x"), a.arg("dy"), a.arg("mean")
	sums, products := a.arg("sums"), a.arg("products")
	a.eachColumns([]reg.GPVirtual{x, dy}, []reg.GPVirtual{mean}, func(w *columnWalk) {
		s := [][2]reg.VecVirtual{w.loadSums(sums), w.loadSums(products)}
		m0, m1 := w.loadWide(mean)
		w.down([]reg.GPVirtual{x, dy}, func(p []reg.GPVirtual) {
			x0, x1 := w.loadWide(p[0])
			d0, d1 := w.loadWide(p[1])
			w.VSUBPD(m0, x0, x0)
			w.VSUBPD(m1, x1, x1)
			w.VADDPD(d0, s[0][0], s[0][0])
			w.VADDPD(d1, s[0][1], s[0][1])
			w.VFMADD231PD(d0, x0, s[1][0])
			w.VFMADD231PD(d1, x1, s[1][1])
		})
		w.storeSums(s[0], sums)
		w.storeSums(s[1], products)
	})
}

func normaliseGradient(a *assembler) {
	a.function("normaliseGrad", "func(rows, n, rowSize int, x, dy, mean, factor, slope, shift, dx *float32)",
		"computes dx = factor·(dy - shift - (x - mean)·slope) by columns.")
	x, dy, mean, dx := a.arg("x"), a.arg("dy"), a.arg("mean"), a.arg("dx")
	factor, slope, shift := a.arg("factor"), a.arg("slope"), a.arg("shift")
	a.eachColumns([]reg.GPVirtual{x, dy, dx}, []reg.GPVirtual{mean, factor, slope, shift}, func(w *columnWalk) {
		m, f, k, s := w.load(mean), w.load(factor), w.load(slope), w.load(shift)
		w.down([]reg.GPVirtual{x, dy, dx}, func(p []reg.GPVirtual) {
			v, d := w.load(p[0]), w.load(p[1])
			w.VSUBPS(m, v, v)
			w.VSUBPS(s, d, d)
			w.VFNMADD231PS(k, v, d)
			w.VMULPS(f, d, d)
			w.store(d, p[2])
		})
	})
}
