package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pool2D writes maximum pooling of a line of windows and its gradient.
func pool2D(a *assembler) {
	maxPool(a)
	maxPoolGrad(a)
}

const poolDoc = "The windows of kh x kw pixels are xWindow bytes apart in x, their pixels xCol, their lines xRow; taps count from tap, by 1 along a line and tapRow to the next line."

// A windowWalk is the state of a loop over the windows of a line and blocks of their channels.
type windowWalk struct {
	view
	channels       reg.GPVirtual // the block's first channel in x
	xCol, xRow     reg.GPVirtual
	tap1, tapRow   reg.VecVirtual
	tap            reg.VecVirtual // the current tap
	firstTap       reg.VecVirtual
	lines, columns operand.Mem // kh and kw
}

// eachWindow calls body for all blocks of channels of all windows. The pointers in flat point to values by window, without
// gaps.
func (a *assembler) eachWindow(flat []reg.GPVirtual, body func(w *windowWalk)) {
	x := a.arg("x")
	w := windowWalk{xCol: a.arg("xCol"), xRow: a.arg("xRow"), channels: a.GP64(), tap: a.vec()}
	w.tap1 = a.vec()
	a.VMOVUPS(a.bitsConstant(1), w.tap1)
	w.tapRow, w.firstTap = a.broadcastArg("tapRow"), a.broadcastArg("tap")
	w.lines, w.columns = a.argMem("kh"), a.argMem("kw")
	windows, n := a.arg("windows"), a.GP64()
	xWindow := a.argMem("xWindow")
	a.Label("window")
	a.MOVQ(x, w.channels)
	a.Load(a.Param("c"), n)
	a.sweep(n, 1, append([]reg.GPVirtual{w.channels}, flat...), func(v view) {
		w.view = v
		body(&w)
	})
	// A masked rest leaves the flat pointers at its start.
	a.Load(a.Param("c"), n)
	a.ANDQ(operand.U8(a.set.lanes-1), n)
	for _, p := range flat {
		a.LEAQ(operand.Mem{Base: p, Index: n, Scale: 4}, p)
	}
	a.ADDQ(xWindow, x)
	a.DECQ(windows)
	a.JNZ(operand.LabelRef("window"))
	a.VZEROUPPER()
	a.RET()
}

// argMem returns an argument in memory.
func (a *assembler) argMem(name string) operand.Mem {
	address, err := a.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return address.Addr
}

// pixels calls body for all pixels of the current window.
func (w *windowWalk) pixels(body func(pixel reg.GPVirtual)) {
	line, pixel, lines, columns := w.GP64(), w.GP64(), w.GP64(), w.GP64()
	nextLine, nextPixel := w.label("line"), w.label("pixel")
	firstOfLine := w.vec()
	w.MOVQ(w.channels, line)
	w.VMOVAPS(w.firstTap, firstOfLine)
	w.MOVQ(w.lines, lines)
	w.Label(nextLine)
	w.MOVQ(line, pixel)
	w.VMOVAPS(firstOfLine, w.tap)
	w.MOVQ(w.columns, columns)
	w.Label(nextPixel)
	body(pixel)
	w.VPADDD(w.tap1, w.tap, w.tap)
	w.ADDQ(w.xCol, pixel)
	w.DECQ(columns)
	w.JNZ(operand.LabelRef(nextPixel))
	w.VPADDD(w.tapRow, firstOfLine, firstOfLine)
	w.ADDQ(w.xRow, line)
	w.DECQ(lines)
	w.JNZ(operand.LabelRef(nextLine))
}

func maxPool(a *assembler) {
	a.function("maxPool", "func(windows, c, kh, kw int, x *float32, xWindow, xCol, xRow int, tap, tapRow int32, y *float32, argmax *int32)",
		"computes the maximum y of c channels of each window and the tap of it.", poolDoc)
	y, argmax := a.arg("y"), a.arg("argmax")
	a.eachWindow([]reg.GPVirtual{y, argmax}, func(w *windowWalk) {
		const greater, unordered = 0x1e, 3
		best, arg := w.inRegister(math.Inf(-1)), w.vec()
		w.VMOVAPS(w.firstTap, arg)
		w.pixels(func(pixel reg.GPVirtual) {
			v := w.load(pixel)
			for _, m := range []mask{w.compareLanes(greater, v, best), w.compareLanes(unordered, v, v)} {
				w.replaceWhere(m, v, best)
				w.replaceWhere(m, w.tap, arg)
			}
		})
		w.store(best, y)
		w.store(arg, argmax)
	})
}

func maxPoolGrad(a *assembler) {
	a.function("maxPoolGrad", "func(windows, c, kh, kw int, x *float32, xWindow, xCol, xRow int, tap, tapRow int32, dy *float32, argmax *int32)",
		"adds dy of c channels of each window to the pixel of x that argmax names.", poolDoc)
	dy, argmax := a.arg("dy"), a.arg("argmax")
	a.eachWindow([]reg.GPVirtual{dy, argmax}, func(w *windowWalk) {
		d, arg := w.load(dy), w.load(argmax)
		w.pixels(func(pixel reg.GPVirtual) {
			v, share := w.load(pixel), w.vec()
			w.VMOVAPS(d, share)
			w.keepWhere(w.equalInts(arg, w.tap), share)
			w.VADDPS(share, v, v)
			w.store(v, pixel)
		})
	})
}

// equalInts returns the lanes in which 32-bit integers are equal.
func (a *assembler) equalInts(x, y reg.VecVirtual) mask {
	if a.set.wide() {
		k := a.K()
		a.VPCMPEQD(y, x, k)
		return mask{k}
	}
	m := a.vec()
	a.VPCMPEQD(y, x, m)
	return mask{m}
}
