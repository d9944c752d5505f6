package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// winograd writes the transforms of Winograd's minimal filtering F(4x4, 3x3) with the points 0, ±1, ±2 and infinity, in the
// form of Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015):
//
//	y = Aᵀ·((G·k·Gᵀ) ⊙ (Bᵀ·d·B))·A
//
// for a tile d of 6 x 6 pixels, a kernel k of 3 x 3 and 4 x 4 results y; and the transposed transforms of its gradient
// with respect to k: Gᵀ·((A·dy·Aᵀ) ⊙ (Bᵀ·d·B))·G. All are applied to vectors of channels.
func winograd(a *assembler) {
	for _, t := range []transform{
		{"winogradInput", "applies Bᵀ·d·B: 6 x 6 pixels to 6 x 6 points.", inputGroups, 6, false},
		{"winogradKernel", "applies G·k·Gᵀ: 3 x 3 taps to 6 x 6 points.", kernelGroups, 3, false},
		{"winogradOutput", "applies Aᵀ·m·A: 6 x 6 points to 4 x 4 results.", outputGroups, 6, true},
		{"winogradOutputGrad", "applies A·dy·Aᵀ: 4 x 4 gradients to 6 x 6 points.", outputGradGroups, 4, false},
		{"winogradKernelGrad", "applies Gᵀ·u·G: 6 x 6 points to 3 x 3 taps.", kernelGradGroups, 6, false},
	} {
		t.emit(a)
	}
}

// A group computes one or two outputs of a transform of one dimension that share terms.
type group struct {
	outs []int
	f    func(a *assembler, in func(i int) reg.VecVirtual) []reg.VecVirtual
}

// plusMinus returns x + factor·y and x - factor·y.
func (a *assembler) plusMinus(x, y reg.VecVirtual, factor float64) []reg.VecVirtual {
	if factor == 1 {
		return []reg.VecVirtual{a.plus(x, y), a.minus(x, y)}
	}
	return []reg.VecVirtual{a.plusTimes(x, y, factor), a.minusTimes(x, y, factor)}
}

func (a *assembler) plus(x, y reg.VecVirtual) reg.VecVirtual {
	z := a.vec()
	a.VADDPS(y, x, z)
	return z
}

func (a *assembler) minus(x, y reg.VecVirtual) reg.VecVirtual {
	z := a.vec()
	a.VSUBPS(y, x, z)
	return z
}

func (a *assembler) times(x reg.VecVirtual, factor float64) reg.VecVirtual {
	z := a.vec()
	a.VMULPS(a.constant(factor), x, z)
	return z
}

func (a *assembler) plusTimes(x, y reg.VecVirtual, factor float64) reg.VecVirtual {
	z := a.vec()
	a.VMOVAPS(x, z)
	a.VFMADD231PS(a.constant(factor), y, z)
	return z
}

func (a *assembler) minusTimes(x, y reg.VecVirtual, factor float64) reg.VecVirtual {
	z := a.vec()
	a.VMOVAPS(x, z)
	a.VFNMADD231PS(a.constant(factor), y, z)
	return z
}

// inputGroups is Bᵀ.
var inputGroups = []group{
	{[]int{0}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // 4·d0 - 5·d2 + d4
		return []reg.VecVirtual{a.plusTimes(a.minusTimes(in(4), in(2), 5), in(0), 4)}
	}},
	{[]int{1, 2}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // (d4 - 4·d2) ± (d3 - 4·d1)
		return a.plusMinus(a.minusTimes(in(4), in(2), 4), a.minusTimes(in(3), in(1), 4), 1)
	}},
	{[]int{3, 4}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // (d4 - d2) ± 2·(d3 - d1)
		return a.plusMinus(a.minus(in(4), in(2)), a.minus(in(3), in(1)), 2)
	}},
	{[]int{5}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // 4·d1 - 5·d3 + d5
		return []reg.VecVirtual{a.plusTimes(a.minusTimes(in(5), in(3), 5), in(1), 4)}
	}},
}

// kernelGroups is G.
var kernelGroups = []group{
	{[]int{0}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // k0/4
		return []reg.VecVirtual{a.times(in(0), 1.0/4)}
	}},
	{[]int{1, 2}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // -(k0 + k2)/6 ∓ k1/6
		return a.plusMinus(a.times(a.plus(in(0), in(2)), -1.0/6), in(1), -1.0/6)
	}},
	{[]int{3, 4}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // k0/24 + k2/6 ± k1/12
		return a.plusMinus(a.plusTimes(a.times(in(0), 1.0/24), in(2), 1.0/6), in(1), 1.0/12)
	}},
	{[]int{5}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { return []reg.VecVirtual{in(2)} }},
}

// outputGroups is Aᵀ.
var outputGroups = []group{
	{[]int{0, 2}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // m0 + p + q, p + 4·q with p = m1 + m2, q = m3 + m4
		p, q := a.plus(in(1), in(2)), a.plus(in(3), in(4))
		return []reg.VecVirtual{a.plus(a.plus(in(0), p), q), a.plusTimes(p, q, 4)}
	}},
	{[]int{1, 3}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // r + 2·s, r + 8·s + m5 with r = m1 - m2, s = m3 - m4
		r, s := a.minus(in(1), in(2)), a.minus(in(3), in(4))
		return []reg.VecVirtual{a.plusTimes(r, s, 2), a.plusTimes(a.plus(r, in(5)), s, 8)}
	}},
}

// outputGradGroups is A.
var outputGradGroups = []group{
	{[]int{0}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { return []reg.VecVirtual{in(0)} }},
	{[]int{1, 2}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // (y0 + y2) ± (y1 + y3)
		return a.plusMinus(a.plus(in(0), in(2)), a.plus(in(1), in(3)), 1)
	}},
	{[]int{3, 4}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // (y0 + 4·y2) ± 2·(y1 + 4·y3)
		return a.plusMinus(a.plusTimes(in(0), in(2), 4), a.plusTimes(in(1), in(3), 4), 2)
	}},
	{[]int{5}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { return []reg.VecVirtual{in(3)} }},
}

// kernelGradGroups is Gᵀ.
var kernelGradGroups = []group{
	{[]int{0, 2}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // u0/4 - p/6 + q/24, u5 - p/6 + q/6 with p = u1 + u2, q = u3 + u4
		p, q := a.plus(in(1), in(2)), a.plus(in(3), in(4))
		first := a.plusTimes(a.minusTimes(a.times(in(0), 1.0/4), p, 1.0/6), q, 1.0/24)
		return []reg.VecVirtual{first, a.plusTimes(in(5), a.minus(q, p), 1.0/6)}
	}},
	{[]int{1}, func(a *assembler, in func(int) reg.VecVirtual) []reg.VecVirtual { // (u2 - u1)/6 + (u3 - u4)/12
		return []reg.VecVirtual{a.plusTimes(a.times(a.minus(in(2), in(1)), 1.0/6), a.minus(in(3), in(4)), 1.0/12)}
	}},
}

// A transform applies groups to the columns, then to the rows of squares of vectors.
type transform struct {
	name, doc string
	groups    []group
	size      int // rows and columns of the square that is read
	results   bool
}

func (t transform) emit(a *assembler) {
	signature := "func(items, n int, in *float32, inItem, inRow, inCol int, out *float32, outItem, outRow, outCol int"
	doc := []string{
		t.doc, "",
		"It does so for items squares of n channels each. The squares are inItem, their rows inRow and columns inCol bytes apart;",
		"the same holds for out. items is at least 1.",
	}
	if t.results {
		signature += ", rows, cols int, floor float32"
		doc = append(doc, "Only rows x cols results are written; those below floor become floor.")
	}
	a.function(t.name, signature+")", doc...)
	items, in, out := a.arg("items"), a.arg("in"), a.arg("out")
	inRow, outCol := a.arg("inRow"), a.arg("outCol")
	n, inChannel, outChannel := a.GP64(), a.GP64(), a.GP64()
	a.Label("item")
	a.Load(a.Param("n"), n)
	a.MOVQ(in, inChannel)
	a.MOVQ(out, outChannel)
	a.sweep(n, 1, []reg.GPVirtual{inChannel, outChannel}, func(v view) {
		for _, g := range t.groups {
			for _, part := range v.parts(g) {
				rows := t.columns(v, part, inChannel, inRow)
				for o, i := range part.outs {
					t.row(v, i, rows[o], outChannel, outCol)
				}
			}
		}
	})
	a.ADDQ(a.argMem("inItem"), in)
	a.ADDQ(a.argMem("outItem"), out)
	a.DECQ(items)
	a.JNZ(operand.LabelRef("item"))
	a.VZEROUPPER()
	a.RET()
}

// parts splits a group into one for each output where registers are too few for two rows of vectors.
func (a *assembler) parts(g group) []group {
	if a.set.wide() {
		return []group{g}
	}
	var parts []group
	for o, i := range g.outs {
		parts = append(parts, group{[]int{i}, func(a *assembler, in func(i int) reg.VecVirtual) []reg.VecVirtual {
			return g.f(a, in)[o : o+1]
		}})
	}
	return parts
}

// columns applies a group to every column and returns its outputs, one row of vectors each.
func (t transform) columns(v view, g group, in, inRow reg.GPVirtual) [][]reg.VecVirtual {
	rows := make([][]reg.VecVirtual, len(g.outs))
	column, fourth := v.GP64(), v.GP64()
	v.MOVQ(in, column)
	for j := range t.size {
		v.LEAQ(operand.Mem{Base: column, Index: inRow, Scale: 2}, fourth)
		v.ADDQ(inRow, fourth)
		loaded := map[int]reg.VecVirtual{}
		for o, x := range g.f(v.assembler, func(i int) reg.VecVirtual {
			if loaded[i] == nil {
				loaded[i] = v.loadAt(strided(column, fourth, inRow, i))
			}
			return loaded[i]
		}) {
			rows[o] = append(rows[o], x)
		}
		if j < t.size-1 {
			v.ADDQ(v.argMem("inCol"), column)
		}
	}
	return rows
}

// row applies all groups to a row of vectors and stores row i of the result.
func (t transform) row(v view, i int, x []reg.VecVirtual, out, outCol reg.GPVirtual) {
	first, fourth, skip := v.GP64(), v.GP64(), v.label("skip")
	v.Load(v.Param("outRow"), first)
	v.IMUL3Q(operand.U8(i), first, first)
	v.ADDQ(out, first)
	v.LEAQ(operand.Mem{Base: first, Index: outCol, Scale: 2}, fourth)
	v.ADDQ(outCol, fourth)
	if t.results {
		v.CMPQ(v.argMem("rows"), operand.U8(i))
		v.JLE(operand.LabelRef(skip))
	}
	for _, g := range t.groups {
		for o, y := range g.f(v.assembler, func(j int) reg.VecVirtual { return x[j] }) {
			j := g.outs[o]
			if t.results {
				v.VMAXPS(y, v.broadcastArg("floor"), y) // the second source wins for NaN
				beyond := v.label("beyond")
				v.CMPQ(v.argMem("cols"), operand.U8(j))
				v.JLE(operand.LabelRef(beyond))
				v.storeAt(y, strided(first, fourth, outCol, j))
				v.Label(beyond)
				continue
			}
			v.storeAt(y, strided(first, fourth, outCol, j))
		}
	}
	v.Label(skip)
}

// strided is the address of element i < 6 of a row that starts at first; fourth is the address of element 3.
func strided(first, fourth, stride reg.GPVirtual, i int) operand.Mem {
	m := operand.Mem{Base: first}
	if i >= 3 {
		m.Base = fourth
	}
	if i%3 > 0 {
		m.Index, m.Scale = stride, uint8(i%3)
	}
	return m
}
