package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmax writes the softmax of rows and its cross-entropy; the formulas stand in kernels/softmax.go.
func softmax(a *assembler) {
	softmaxRows(a)
	crossEntropyRows(a)
	crossEntropyGradRows(a)
}

// A rowWalk is the state of a loop over rows of n elements.
type rowWalk struct {
	*assembler
	rows, full reg.GPVirtual // rows left; whole vectors of a row
	rest, size reg.GPVirtual // elements after them; bytes of a row
	last       mask          // of the rest
}

// eachRow calls body to write a loop over the rows; afterwards the pointers in advance are moved to the next row.
func (a *assembler) eachRow(advance []reg.GPVirtual, body func(w *rowWalk)) {
	w := &rowWalk{assembler: a, rows: a.arg("rows"), full: a.arg("n"), rest: a.GP64(), size: a.GP64()}
	a.MOVQ(w.full, w.rest)
	a.ANDQ(operand.U8(a.set.lanes-1), w.rest)
	a.MOVQ(w.full, w.size)
	a.SHLQ(operand.U8(2), w.size)
	shift := 3
	if a.set.wide() {
		shift = 4
	}
	a.SHRQ(operand.U8(shift), w.full)
	w.last = a.firstLanes(w.rest)
	a.TESTQ(w.rows, w.rows)
	a.JZ(operand.LabelRef("end"))
	a.Label("row")
	body(w)
	for _, p := range advance {
		a.ADDQ(w.size, p)
	}
	a.DECQ(w.rows)
	a.JNZ(operand.LabelRef("row"))
	a.Label("end")
	a.VZEROUPPER()
	a.RET()
}

// walk calls body for all places of the current row.
func (w *rowWalk) walk(pointers []reg.GPVirtual, body func(v view, p []reg.GPVirtual)) {
	at := make([]reg.GPVirtual, len(pointers))
	for i, p := range pointers {
		at[i] = w.GP64()
		w.MOVQ(p, at[i])
	}
	left := w.GP64()
	loop, rest, done := w.label("vector"), w.label("rest"), w.label("done")
	w.MOVQ(w.full, left)
	w.TESTQ(left, left)
	w.JZ(operand.LabelRef(rest))
	w.Label(loop)
	body(view{w.assembler, 0, nil}, at)
	for _, p := range at {
		w.ADDQ(operand.U32(w.set.width()), p)
	}
	w.DECQ(left)
	w.JNZ(operand.LabelRef(loop))
	w.Label(rest)
	w.TESTQ(w.rest, w.rest)
	w.JZ(operand.LabelRef(done))
	body(view{w.assembler, 0, &w.last}, at)
	w.Label(done)
}

// top returns the maximum of the current row in all lanes; a NaN may be missed.
func (w *rowWalk) top(x reg.GPVirtual) reg.VecVirtual {
	top := w.inRegister(math.Inf(-1))
	w.walk([]reg.GPVirtual{x}, func(v view, p []reg.GPVirtual) {
		y := v.load(p[0])
		if v.tail != nil {
			z := v.inRegister(math.Inf(-1))
			v.replaceWhere(*v.tail, y, z)
			y = z
		}
		v.VMAXPS(y, top, top)
	})
	w.acrossLanes(top, func(x, y reg.Register) { w.VMAXPS(x, y, y) })
	return top
}

// acrossLanes combines all lanes of x by op and leaves the result in all of them.
func (a *assembler) acrossLanes(x reg.VecVirtual, op func(x, y reg.Register)) {
	y := a.vec()
	if a.set.wide() {
		a.VSHUFF32X4(operand.U8(0x4e), x, x, y) // swap halves
		op(y, x)
		a.VSHUFF32X4(operand.U8(0xb1), x, x, y) // swap quarters
		op(y, x)
	} else {
		a.VPERM2F128(operand.U8(1), x, x, y) // swap halves
		op(y, x)
	}
	a.VPERMILPS(operand.U8(0x4e), x, y) // swap pairs
	op(y, x)
	a.VPERMILPS(operand.U8(0xb1), x, y) // swap neighbours
	op(y, x)
}

// sumLanes adds all lanes of x into all of them.
func (a *assembler) sumLanes(x reg.VecVirtual) {
	a.acrossLanes(x, func(y, x reg.Register) { a.VADDPS(y, x, x) })
}

// shiftedExp returns exp(x - top), zero past the end of the row.
func (v view) shiftedExp(x, top reg.VecVirtual) reg.VecVirtual {
	v.VSUBPS(top, x, x)
	e := v.exp(x)
	if v.tail != nil {
		v.keepWhere(*v.tail, e)
	}
	return e
}

func softmaxRows(a *assembler) {
	a.function("softmax", "func(rows, n int, x, y *float32)", "computes y = softmax(x) by rows of n; y may be x.")
	x, y := a.arg("x"), a.arg("y")
	a.eachRow([]reg.GPVirtual{x, y}, func(w *rowWalk) {
		top := w.top(x)
		sum := w.vec()
		w.zero(sum)
		w.walk([]reg.GPVirtual{x, y}, func(v view, p []reg.GPVirtual) {
			e := v.shiftedExp(v.load(p[0]), top)
			v.VADDPS(e, sum, sum)
			v.store(e, p[1])
		})
		w.sumLanes(sum)
		w.walk([]reg.GPVirtual{y}, func(v view, p []reg.GPVirtual) {
			e := v.load(p[0])
			v.VDIVPS(sum, e, e)
			v.store(e, p[0])
		})
	})
}

func crossEntropyRows(a *assembler) {
	a.function("softmaxCrossEntropy", "func(rows, n int, x, labels, losses *float32)",
		"computes losses = Σ labels·(log Σ exp(x) - x) by rows of n.")
	x, labels, losses := a.arg("x"), a.arg("labels"), a.arg("losses")
	a.eachRow([]reg.GPVirtual{x, labels}, func(w *rowWalk) {
		top := w.top(x)
		sum, mass, dot := w.vec(), w.vec(), w.vec()
		for _, v := range []reg.VecVirtual{sum, mass, dot} {
			w.zero(v)
		}
		w.walk([]reg.GPVirtual{x, labels}, func(v view, p []reg.GPVirtual) {
			logit, label := v.load(p[0]), v.load(p[1])
			v.VADDPS(label, mass, mass)
			v.VSUBPS(top, logit, logit)
			term, zero := v.vec(), v.vec()
			v.zero(zero)
			v.VMULPS(label, logit, term)
			const notEqual = 4
			v.keepWhere(v.compareLanes(notEqual, label, zero), term)
			v.VADDPS(term, dot, dot)
			e := v.exp(logit)
			if v.tail != nil {
				v.keepWhere(*v.tail, e)
			}
			v.VADDPS(e, sum, sum)
		})
		w.sumLanes(sum)
		w.sumLanes(mass)
		w.sumLanes(dot)
		loss := w.log(sum)
		w.VFMSUB213PS(dot, mass, loss)
		w.VMOVSS(loss.AsX(), operand.Mem{Base: losses})
		w.ADDQ(operand.U8(4), losses)
	})
}

func crossEntropyGradRows(a *assembler) {
	a.function("softmaxCrossEntropyGrad", "func(rows, n int, x, labels, scale, dx *float32)",
		"computes dx = scale·(softmax(x) - labels) by rows of n; dx may be x.")
	x, labels, scale, dx := a.arg("x"), a.arg("labels"), a.arg("scale"), a.arg("dx")
	a.eachRow([]reg.GPVirtual{x, labels, dx}, func(w *rowWalk) {
		top := w.top(x)
		sum := w.vec()
		w.zero(sum)
		w.walk([]reg.GPVirtual{x, dx}, func(v view, p []reg.GPVirtual) {
			e := v.shiftedExp(v.load(p[0]), top)
			v.VADDPS(e, sum, sum)
			v.store(e, p[1])
		})
		w.sumLanes(sum)
		share := w.inRegister(1)
		w.VDIVPS(sum, share, share)
		factor := w.vec()
		w.VBROADCASTSS(operand.Mem{Base: scale}, factor)
		w.ADDQ(operand.U8(4), scale)
		w.walk([]reg.GPVirtual{dx, labels}, func(v view, p []reg.GPVirtual) {
			e, label := v.load(p[0]), v.load(p[1])
			v.VFMSUB213PS(label, share, e)
			v.VMULPS(factor, e, e)
			v.store(e, p[0])
		})
	})
}
