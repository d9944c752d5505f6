package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise writes the convolution in which every channel has a kernel of its own, and its gradients, for a line of
// windows. Each is a walk over the pixels of a window and the kernel's taps beside them, for a vector of channels. The forward
// convolution and the gradient of the kernel also exist for windows of 3x3 pixels, whose taps then stay in registers.
func depthwise(a *assembler) {
	defer a.depthwiseNine()
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

// depthwiseNine writes the functions for 3x3 windows. They add up in the order of the others.
func (a *assembler) depthwiseNine() {
	walk := func(name, doc string, window func(v view, taps []reg.VecVirtual, pixels []operand.Mem, y reg.GPVirtual), after func(v view, taps []reg.VecVirtual, at []operand.Mem)) {
		a.function(name,
			"func(windows, c int, x *float32, xWindow, xCol, xRow int, k *float32, kRow int, y *float32)",
			doc, "",
			"The windows of 3 x 3 pixels are xWindow bytes apart in x, their pixels xCol, their lines xRow. The taps of k have c",
			"channels without gaps, its lines are kRow bytes apart. y has c channels for each window, without gaps.")
		x, k, y, n, c := a.arg("x"), a.arg("k"), a.arg("y"), a.arg("c"), a.arg("c")
		lines := []reg.GPVirtual{a.GP64(), a.GP64(), a.GP64()}
		a.sweep(n, 1, []reg.GPVirtual{x, k, y}, func(v view) {
			nine := func(first reg.GPVirtual, step string, index reg.GPVirtual, scale uint8) (places []operand.Mem) {
				v.MOVQ(first, lines[0])
				for i, line := range lines {
					if i > 0 {
						v.MOVQ(lines[i-1], line)
						v.ADDQ(v.argMem(step), line)
					}
					places = append(places, operand.Mem{Base: line}, operand.Mem{Base: line, Index: index, Scale: scale}, operand.Mem{Base: line, Index: index, Scale: 2 * scale})
				}
				return places
			}
			var taps []reg.VecVirtual
			for _, m := range nine(k, "kRow", c, 4) {
				taps = append(taps, v.loadAt(m))
			}
			column := a.arg("xCol")
			pixels := nine(x, "xRow", column, 1)
			out, windows, label := v.GP64(), v.arg("windows"), v.label("window")
			v.MOVQ(y, out)
			v.Label(label)
			window(v, taps, pixels, out)
			v.LEAQ(operand.Mem{Base: out, Index: c, Scale: 4}, out)
			for _, line := range lines {
				v.ADDQ(v.argMem("xWindow"), line)
			}
			v.DECQ(windows)
			v.JNZ(operand.LabelRef(label))
			if after != nil {
				after(v, taps, nine(k, "kRow", c, 4))
			}
		})
		a.VZEROUPPER()
		a.RET()
	}
	walk("depthwiseNine", "adds the sum of x·k over the pixels of each window to y.",
		func(v view, taps []reg.VecVirtual, pixels []operand.Mem, out reg.GPVirtual) {
			y := v.load(out)
			for i, m := range pixels {
				v.multiplyAdd(m, taps[i], y)
			}
			v.store(y, out)
		}, nil)
	walk("depthwiseKernelGradNine", "adds the pixels x·y of each window to k.",
		func(v view, taps []reg.VecVirtual, pixels []operand.Mem, out reg.GPVirtual) {
			y := v.load(out)
			for i, m := range pixels {
				v.multiplyAdd(m, y, taps[i])
			}
		},
		func(v view, taps []reg.VecVirtual, at []operand.Mem) {
			for i, m := range at {
				v.storeAt(taps[i], m)
			}
		})
}

// multiplyAdd adds m·x to sum, without the lanes past the end.
func (v view) multiplyAdd(m operand.Mem, x, sum reg.VecVirtual) {
	if v.tail == nil {
		v.VFMADD231PS(m, x, sum)
	} else {
		v.VFMADD231PS(v.loadAt(m), x, sum)
	}
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
