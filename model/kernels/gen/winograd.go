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

// A group computes one or two outputs of a transform of one dimension that share terms. It takes every input once.
type group struct {
	outs []int
	f    func(t terms, in func(i int) operand.Op) []reg.VecVirtual
}

// terms writes the arithmetic of groups. Its operands are registers, or memory that is read on the way.
type terms struct {
	*assembler
	factors map[float64]reg.VecVirtual // those that are in registers so far; nil: factors are read from memory
}

// register returns a register with x.
func (t terms) register(x operand.Op) reg.VecVirtual {
	if r, ok := x.(reg.VecVirtual); ok {
		return r
	}
	z := t.vec()
	t.VMOVUPS(x, z)
	return z
}

// product returns y and a factor as the sources of a multiplication, of which only the first may be in memory.
func (t terms) product(y operand.Op, factor float64) (operand.Op, reg.VecVirtual) {
	if t.factors == nil {
		return t.constant(factor), t.register(y)
	}
	if t.factors[factor] == nil {
		t.factors[factor] = t.inRegister(factor)
	}
	return y, t.factors[factor]
}

// plusMinus returns x + factor·y and x - factor·y.
func (t terms) plusMinus(x reg.VecVirtual, y operand.Op, factor float64) []reg.VecVirtual {
	second := t.register(y)
	if factor == 1 {
		return []reg.VecVirtual{t.plus(x, second), t.minus(x, second)}
	}
	return []reg.VecVirtual{t.plusTimes(x, second, factor), t.minusTimes(x, second, factor)}
}

func (t terms) plus(x, y operand.Op) reg.VecVirtual {
	first, z := t.register(x), t.vec()
	t.VADDPS(y, first, z)
	return z
}

func (t terms) minus(x, y operand.Op) reg.VecVirtual {
	first, z := t.register(x), t.vec()
	t.VSUBPS(y, first, z)
	return z
}

func (t terms) times(x operand.Op, factor float64) reg.VecVirtual {
	first, second := t.product(x, factor)
	z := t.vec()
	t.VMULPS(first, second, z)
	return z
}

func (t terms) plusTimes(x, y operand.Op, factor float64) reg.VecVirtual {
	first, second := t.product(y, factor)
	z := t.copied(x)
	t.VFMADD231PS(first, second, z)
	return z
}

func (t terms) minusTimes(x, y operand.Op, factor float64) reg.VecVirtual {
	first, second := t.product(y, factor)
	z := t.copied(x)
	t.VFNMADD231PS(first, second, z)
	return z
}

// copied returns a new register with x.
func (t terms) copied(x operand.Op) reg.VecVirtual {
	z := t.vec()
	if r, ok := x.(reg.VecVirtual); ok {
		t.VMOVAPS(r, z)
	} else {
		t.VMOVUPS(x, z)
	}
	return z
}

// inputGroups is Bᵀ.
var inputGroups = []group{
	{[]int{0}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // 4·d0 - 5·d2 + d4
		return []reg.VecVirtual{t.plusTimes(t.minusTimes(in(4), in(2), 5), in(0), 4)}
	}},
	{[]int{1, 2}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // (d4 - 4·d2) ± (d3 - 4·d1)
		return t.plusMinus(t.minusTimes(in(4), in(2), 4), t.minusTimes(in(3), in(1), 4), 1)
	}},
	{[]int{3, 4}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // (d4 - d2) ± 2·(d3 - d1)
		return t.plusMinus(t.minus(in(4), in(2)), t.minus(in(3), in(1)), 2)
	}},
	{[]int{5}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // 4·d1 - 5·d3 + d5
		return []reg.VecVirtual{t.plusTimes(t.minusTimes(in(5), in(3), 5), in(1), 4)}
	}},
}

// kernelGroups is G.
var kernelGroups = []group{
	{[]int{0}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // k0/4
		return []reg.VecVirtual{t.times(in(0), 1.0/4)}
	}},
	{[]int{1, 2}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // -(k0 + k2)/6 ∓ k1/6
		return t.plusMinus(t.times(t.plus(in(0), in(2)), -1.0/6), in(1), -1.0/6)
	}},
	{[]int{3, 4}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // k0/24 + k2/6 ± k1/12
		return t.plusMinus(t.plusTimes(t.times(in(0), 1.0/24), in(2), 1.0/6), in(1), 1.0/12)
	}},
	{[]int{5}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { return []reg.VecVirtual{t.register(in(2))} }},
}

// outputGroups is Aᵀ.
var outputGroups = []group{
	{[]int{0, 2}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // m0 + p + q, p + 4·q with p = m1 + m2, q = m3 + m4
		p, q := t.plus(in(1), in(2)), t.plus(in(3), in(4))
		return []reg.VecVirtual{t.plus(t.plus(in(0), p), q), t.plusTimes(p, q, 4)}
	}},
	{[]int{1, 3}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // r + 2·s, r + 8·s + m5 with r = m1 - m2, s = m3 - m4
		r, s := t.minus(in(1), in(2)), t.minus(in(3), in(4))
		return []reg.VecVirtual{t.plusTimes(r, s, 2), t.plusTimes(t.plus(r, in(5)), s, 8)}
	}},
}

// outputGradGroups is A.
var outputGradGroups = []group{
	{[]int{0}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { return []reg.VecVirtual{t.register(in(0))} }},
	{[]int{1, 2}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // (y0 + y2) ± (y1 + y3)
		return t.plusMinus(t.plus(in(0), in(2)), t.plus(in(1), in(3)), 1)
	}},
	{[]int{3, 4}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // (y0 + 4·y2) ± 2·(y1 + 4·y3)
		return t.plusMinus(t.plusTimes(in(0), in(2), 4), t.plusTimes(in(1), in(3), 4), 2)
	}},
	{[]int{5}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { return []reg.VecVirtual{t.register(in(3))} }},
}

// kernelGradGroups is Gᵀ.
var kernelGradGroups = []group{
	{[]int{0, 2}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // u0/4 - p/6 + q/24, u5 - p/6 + q/6 with p = u1 + u2, q = u3 + u4
		p, q := t.plus(in(1), in(2)), t.plus(in(3), in(4))
		first := t.plusTimes(t.minusTimes(t.times(in(0), 1.0/4), p, 1.0/6), q, 1.0/24)
		return []reg.VecVirtual{first, t.plusTimes(in(5), t.minus(q, p), 1.0/6)}
	}},
	{[]int{1}, func(t terms, in func(int) operand.Op) []reg.VecVirtual { // (u2 - u1)/6 + (u3 - u4)/12
		return []reg.VecVirtual{t.plusTimes(t.times(t.minus(in(2), in(1)), 1.0/6), t.minus(in(3), in(4)), 1.0/12)}
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
	inRow, inCol, outCol := a.arg("inRow"), a.arg("inCol"), a.arg("outCol")
	n, inChannel, outChannel := a.GP64(), a.GP64(), a.GP64()
	a.Label("item")
	a.Load(a.Param("n"), n)
	a.MOVQ(in, inChannel)
	a.MOVQ(out, outChannel)
	a.sweep(n, 1, []reg.GPVirtual{inChannel, outChannel}, func(v view) {
		for _, g := range t.groups {
			rows := t.columns(v, g, inChannel, inRow, inCol)
			for o, i := range g.outs {
				last := o == len(g.outs)-1 // no other row waits in registers
				t.row(v, i, rows[o], outChannel, outCol, last)
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

// columns applies a group to every column and returns its outputs, one row of vectors each. With AVX2, whose 16 registers have
// room for two rows and little else, the pixels are read from memory where they are used.
func (t transform) columns(v view, g group, in, inRow, inCol reg.GPVirtual) [][]reg.VecVirtual {
	rows := make([][]reg.VecVirtual, len(g.outs))
	column, fourth := v.GP64(), v.GP64()
	v.MOVQ(in, column)
	v.LEAQ(operand.Mem{Base: column, Index: inRow, Scale: 2}, fourth)
	v.ADDQ(inRow, fourth)
	inPlace := !v.set.wide() && v.tail == nil
	terms := v.terms(inPlace)
	for j := range t.size {
		for o, x := range g.f(terms, func(i int) operand.Op {
			m := strided(column, fourth, inRow, i)
			if inPlace {
				return m
			}
			return v.loadAt(m)
		}) {
			rows[o] = append(rows[o], x)
		}
		if j < t.size-1 {
			v.ADDQ(inCol, column)
			v.ADDQ(inCol, fourth)
		}
	}
	return rows
}

// terms begins straight code. factors says that there are registers for factors.
func (a *assembler) terms(factors bool) terms {
	t := terms{assembler: a}
	if factors {
		t.factors = map[float64]reg.VecVirtual{}
	}
	return t
}

// row applies all groups to a row of vectors and stores row i of the result.
func (t transform) row(v view, i int, x []reg.VecVirtual, out, outCol reg.GPVirtual, last bool) {
	first, fourth, skip := v.GP64(), v.GP64(), v.label("skip")
	v.Load(v.Param("outRow"), first)
	v.IMUL3Q(operand.U8(i), first, first)
	v.ADDQ(out, first)
	v.LEAQ(operand.Mem{Base: first, Index: outCol, Scale: 2}, fourth)
	v.ADDQ(outCol, fourth)
	var floor reg.VecVirtual
	if t.results {
		v.CMPQ(v.argMem("rows"), operand.U8(i))
		v.JLE(operand.LabelRef(skip))
		floor = v.broadcastArg("floor")
	}
	terms := v.terms(last && !v.set.wide())
	for _, g := range t.groups {
		for o, y := range g.f(terms, func(j int) operand.Op { return x[j] }) {
			j := g.outs[o]
			if t.results {
				v.VMAXPS(y, floor, y) // the second source wins for NaN
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
