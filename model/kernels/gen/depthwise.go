package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise writes the convolution in which every channel has a kernel of its own, and its gradients, for a line of
// windows. Each is a walk over the pixels of a window and the kernel's taps beside them, for a vector of channels.
func depthwise(a *assembler) {
	walk := func(name, doc string, before func(v view, y reg.GPVirtual) reg.VecVirtual, tap func(v view, y reg.VecVirtual, pixel, tap reg.GPVirtual), after func(v view, y reg.VecVirtual, p reg.GPVirtual)) {
		a.function(name,
			"func(windows, c, kh, kw int, x *float32, xWindow, xCol, xRow int, k *float32, kRow int, y *float32)",
			doc, "",
			"The windows of kh x kw pixels are xWindow bytes apart in x, their pixels xCol, their lines xRow. The taps of k have c",
			"channels without gaps, its lines are kRow bytes apart. y has c channels for each window, without gaps.")
		x, k, y, n := a.arg("x"), a.arg("k"), a.arg("y"), a.GP64()
		channels, kernel := a.GP64(), a.GP64()
		a.Label("window")
		a.Load(a.Param("c"), n)
		a.MOVQ(x, channels)
		a.MOVQ(k, kernel)
		a.sweep(n, 1, []reg.GPVirtual{channels, kernel, y}, func(v view) {
			result := before(v, y)
			v.taps(channels, kernel, func(pixel, at reg.GPVirtual) { tap(v, result, pixel, at) })
			after(v, result, y)
		})
		// A masked rest leaves the pointer at its start.
		a.Load(a.Param("c"), n)
		a.ANDQ(operand.U8(a.set.lanes-1), n)
		a.LEAQ(operand.Mem{Base: y, Index: n, Scale: 4}, y)
		a.ADDQ(a.argMem("xWindow"), x)
		a.DECQ(a.argMem("windows"))
		a.JNZ(operand.LabelRef("window"))
		a.VZEROUPPER()
		a.RET()
	}
	load := func(v view, y reg.GPVirtual) reg.VecVirtual { return v.load(y) }
	nothing := func(view, reg.VecVirtual, reg.GPVirtual) {}
	walk("depthwise", "adds the sum of x·k over the pixels of each window to y.", load,
		func(v view, y reg.VecVirtual, pixel, tap reg.GPVirtual) {
			v.VFMADD231PS(v.load(pixel), v.load(tap), y)
		},
		func(v view, y reg.VecVirtual, p reg.GPVirtual) { v.store(y, p) })
	walk("depthwiseInputGrad", "adds y·k to the pixels x of each window.", load,
		func(v view, y reg.VecVirtual, pixel, tap reg.GPVirtual) {
			x := v.load(pixel)
			v.VFMADD231PS(v.load(tap), y, x)
			v.store(x, pixel)
		}, nothing)
	walk("depthwiseKernelGrad", "adds the pixels x·y of each window to k.", load,
		func(v view, y reg.VecVirtual, pixel, tap reg.GPVirtual) {
			k := v.load(tap)
			v.VFMADD231PS(v.load(pixel), y, k)
			v.store(k, tap)
		}, nothing)
}

// taps calls body for all pixels of a window and their taps.
func (v view) taps(x, k reg.GPVirtual, body func(pixel, tap reg.GPVirtual)) {
	line, kernelLine, pixel, tap := v.GP64(), v.GP64(), v.GP64(), v.GP64()
	lines, columns, tapSize := v.GP64(), v.GP64(), v.GP64()
	nextLine, nextPixel := v.label("line"), v.label("pixel")
	v.MOVQ(x, line)
	v.MOVQ(k, kernelLine)
	v.Load(v.Param("kh"), lines)
	v.Label(nextLine)
	v.MOVQ(line, pixel)
	v.MOVQ(kernelLine, tap)
	v.Load(v.Param("kw"), columns)
	v.Label(nextPixel)
	body(pixel, tap)
	v.ADDQ(v.argMem("xCol"), pixel)
	v.Load(v.Param("c"), tapSize)
	v.LEAQ(operand.Mem{Base: tap, Index: tapSize, Scale: 4}, tap)
	v.DECQ(columns)
	v.JNZ(operand.LabelRef(nextPixel))
	v.ADDQ(v.argMem("xRow"), line)
	v.ADDQ(v.argMem("kRow"), kernelLine)
	v.DECQ(lines)
	v.JNZ(operand.LabelRef(nextLine))
}
