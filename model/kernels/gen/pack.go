package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pack writes the copies that bring B into panels two vectors wide.
func pack(a *assembler) {
	copyPanel(a)
	transposePanel(a)
}

// copyPanel writes a copy of short rows.
func copyPanel(a *assembler) {
	n := a.set.lanes
	a.function("copyPanel", "func(rows, cols int, src *float32, srcRow int, dst *float32, dstRow int)",
		fmt.Sprintf("copies rows of cols (1..%d) elements, srcRow bytes apart in src and dstRow bytes in dst. In dst each row is", 2*n),
		fmt.Sprintf("filled up to a multiple of %d elements with zeros. rows is at least 1.", n))
	rows, cols, src, srcRow := a.arg("rows"), a.arg("cols"), a.arg("src"), a.arg("srcRow")
	dst, dstRow := a.arg("dst"), a.arg("dstRow")
	loop := func(vectors int, m mask) {
		label := a.label("row")
		a.Label(label)
		x := make([]reg.VecVirtual, vectors)
		for v := range vectors {
			x[v] = a.vec()
			from := operand.Mem{Base: src, Disp: v * a.set.width()}
			if v < vectors-1 {
				a.VMOVUPS(from, x[v])
			} else {
				a.loadMasked(from, m, x[v])
			}
		}
		a.ADDQ(srcRow, src)
		for v := range vectors {
			a.VMOVUPS(x[v], operand.Mem{Base: dst, Disp: v * a.set.width()})
		}
		a.ADDQ(dstRow, dst)
		a.DECQ(rows)
		a.JNZ(operand.LabelRef(label))
		a.VZEROUPPER()
		a.RET()
	}
	a.CMPQ(cols, operand.U8(n))
	a.JA(operand.LabelRef("wide"))
	loop(1, a.firstLanes(cols))
	a.Label("wide")
	a.SUBQ(operand.U8(n), cols)
	loop(2, a.firstLanes(cols))
}

// transposePanel writes a transposition by squares of lanes x lanes in registers.
func transposePanel(a *assembler) {
	n := a.set.lanes
	a.function("transposePanel", "func(rows, k int, src *float32, srcRow int, dst *float32, dstRow int)",
		fmt.Sprintf("transposes rows (1..%d) rows of src, srcRow bytes apart and k elements long, into k rows of", n),
		fmt.Sprintf("dst, dstRow bytes apart. Each row of dst is written as one vector of %d elements; those from rows on mean nothing.", n))
	rows, k, src, srcRow, dst, dstRow := a.arg("rows"), a.arg("k"), a.arg("src"), a.arg("srcRow"), a.arg("dst"), a.arg("dstRow")
	regs := make([]reg.VecVirtual, n)
	for i := range regs {
		regs[i] = a.vec()
	}
	row, step, zero := a.GP64(), a.GP64(), a.GP64()
	a.XORQ(zero, zero)
	// load fills the registers; rows that src does not have repeat its last.
	load := func(one func(src operand.Mem, dst reg.Register)) {
		a.MOVQ(src, row)
		for i := range n {
			one(operand.Mem{Base: row}, regs[i])
			if i < n-1 {
				a.MOVQ(srcRow, step)
				a.CMPQ(rows, operand.U8(i+1))
				a.CMOVQLE(zero, step)
				a.ADDQ(step, row)
			}
		}
	}
	a.SUBQ(operand.U8(n), k)
	a.JLT(operand.LabelRef("rest"))

	a.Label("block")
	load(func(src operand.Mem, dst reg.Register) { a.VMOVUPS(src, dst) })
	for _, v := range a.transpose(regs) {
		a.VMOVUPS(v, operand.Mem{Base: dst})
		a.ADDQ(dstRow, dst)
	}
	a.ADDQ(operand.U32(a.set.width()), src)
	a.SUBQ(operand.U8(n), k)
	a.JGE(operand.LabelRef("block"))

	a.Label("rest")
	a.ADDQ(operand.U8(n), k)
	a.JZ(operand.LabelRef("done"))
	m := a.firstLanes(k)
	load(func(src operand.Mem, dst reg.Register) { a.loadMasked(src, m, dst) })
	for _, v := range a.transpose(regs) {
		a.VMOVUPS(v, operand.Mem{Base: dst})
		a.ADDQ(dstRow, dst)
		a.DECQ(k)
		a.JZ(operand.LabelRef("done"))
	}
	a.Label("done")
	a.VZEROUPPER()
	a.RET()
}

// transpose transposes the square matrix in the registers and returns the registers of the result's rows.
func (a *assembler) transpose(r []reg.VecVirtual) []reg.VecVirtual {
	scratch := make([]reg.VecVirtual, len(r))
	for i := range scratch {
		scratch[i] = a.vec()
	}
	if a.set.wide() {
		return a.transpose16(r, scratch)
	}
	return a.transpose8(r, scratch)
}

// transpose16 transposes 16 x 16 elements: pairs of elements are interleaved, then pairs of pairs, then 128-bit quarters
// twice.
func (a *assembler) transpose16(s, d []reg.VecVirtual) []reg.VecVirtual {
	for i := 0; i < 16; i += 2 {
		a.VUNPCKLPS(s[i+1], s[i], d[i])
		a.VUNPCKHPS(s[i+1], s[i], d[i+1])
	}
	// Quarter q of d[4g], d[4g+1] holds columns 4q..4q+3 of rows 4g, 4g+1.
	for g := 0; g < 16; g += 4 {
		a.VUNPCKLPD(d[g+2], d[g], s[g])     // column 4q
		a.VUNPCKHPD(d[g+2], d[g], s[g+1])   // column 4q+1
		a.VUNPCKLPD(d[g+3], d[g+1], s[g+2]) // column 4q+2
		a.VUNPCKHPD(d[g+3], d[g+1], s[g+3]) // column 4q+3
	}
	// Quarter q of s[4g+c] holds column 4q+c of rows 4g..4g+3.
	const even, odd = 0x88, 0xdd // quarters 0 2 0 2, 1 3 1 3
	for c := range 4 {
		a.VSHUFF32X4(operand.U8(even), s[4+c], s[c], d[c])
		a.VSHUFF32X4(operand.U8(odd), s[4+c], s[c], d[4+c])
		a.VSHUFF32X4(operand.U8(even), s[12+c], s[8+c], d[8+c])
		a.VSHUFF32X4(operand.U8(odd), s[12+c], s[8+c], d[12+c])
	}
	// d[c]: column c, c+8 of rows 0..3, then of rows 4..7; d[4+c]: columns c+4, c+12; d[8+c], d[12+c]: rows 8..15.
	out := make([]reg.VecVirtual, 16)
	for c := range 4 {
		a.VSHUFF32X4(operand.U8(even), d[8+c], d[c], s[c])
		a.VSHUFF32X4(operand.U8(odd), d[8+c], d[c], s[8+c])
		a.VSHUFF32X4(operand.U8(even), d[12+c], d[4+c], s[4+c])
		a.VSHUFF32X4(operand.U8(odd), d[12+c], d[4+c], s[12+c])
		out[c], out[8+c], out[4+c], out[12+c] = s[c], s[8+c], s[4+c], s[12+c]
	}
	return out
}

// transpose8 transposes 8 x 8 elements: pairs of elements are interleaved, then pairs of pairs, then 128-bit halves.
func (a *assembler) transpose8(s, d []reg.VecVirtual) []reg.VecVirtual {
	for i := 0; i < 8; i += 2 {
		a.VUNPCKLPS(s[i+1], s[i], d[i])
		a.VUNPCKHPS(s[i+1], s[i], d[i+1])
	}
	for g := 0; g < 8; g += 4 {
		a.VUNPCKLPD(d[g+2], d[g], s[g])
		a.VUNPCKHPD(d[g+2], d[g], s[g+1])
		a.VUNPCKLPD(d[g+3], d[g+1], s[g+2])
		a.VUNPCKHPD(d[g+3], d[g+1], s[g+3])
	}
	const low, high = 0x20, 0x31 // the lower, the upper halves of both
	for c := range 4 {
		a.VPERM2F128(operand.U8(low), s[4+c], s[c], d[c])
		a.VPERM2F128(operand.U8(high), s[4+c], s[c], d[4+c])
	}
	return d
}
