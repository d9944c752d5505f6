package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A view is the vectors of all slices of a sweep at one place.
type view struct {
	*assembler
	disp int
	tail *mask // nil: all lanes
}

// load reads the vector of the slice at p; lanes past the end are zero.
func (v view) load(p reg.Register) reg.VecVirtual {
	return v.loadAt(operand.Mem{Base: p, Disp: v.disp})
}

func (v view) loadAt(m operand.Mem) reg.VecVirtual {
	x := v.vec()
	if v.tail == nil {
		v.VMOVUPS(m, x)
	} else {
		v.loadMasked(m, *v.tail, x)
	}
	return x
}

// store writes the vector of the slice at p, without the lanes past the end.
func (v view) store(x reg.Register, p reg.Register) { v.storeAt(x, operand.Mem{Base: p, Disp: v.disp}) }

func (v view) storeAt(x reg.Register, m operand.Mem) {
	if v.tail == nil {
		v.VMOVUPS(x, m)
	} else {
		v.storeMasked(x, *v.tail, m)
	}
}

// sweep calls body for all places of slices of n elements: unroll vectors at a time, then one, then the rest by a mask.
// It consumes n and moves the pointers to the end.
func (a *assembler) sweep(n reg.Register, unroll int, pointers []reg.GPVirtual, body func(v view)) {
	advance := func(vectors int) {
		for _, p := range pointers {
			a.ADDQ(operand.U32(vectors*a.set.width()), p)
		}
	}
	loop := func(vectors int) {
		label, next := a.label("by"), a.label("next")
		a.SUBQ(operand.U32(vectors*a.set.lanes), n)
		a.JLT(operand.LabelRef(next))
		a.Label(label)
		for i := range vectors {
			body(view{a, i * a.set.width(), nil})
		}
		advance(vectors)
		a.SUBQ(operand.U32(vectors*a.set.lanes), n)
		a.JGE(operand.LabelRef(label))
		a.Label(next)
		a.ADDQ(operand.U32(vectors*a.set.lanes), n)
	}
	if unroll > 1 {
		loop(unroll)
	}
	loop(1)
	done := a.label("done")
	a.TESTQ(n, n)
	a.JZ(operand.LabelRef(done))
	m := a.firstLanes(n)
	body(view{a, 0, &m})
	a.Label(done)
}

// mapping writes a function over slices of one length: arguments are the length, the slices' pointers and float32 scalars.
type mapping struct {
	name    string
	slices  []string // in order; those that body stores to are outputs
	scalars []string
	unroll  int
	doc     string
	body    func(v view, p []reg.GPVirtual, s []reg.VecVirtual)
}

func (m mapping) emit(a *assembler) {
	signature := "func(n int"
	for _, s := range m.slices {
		signature += ", " + s + " *float32"
	}
	for _, s := range m.scalars {
		signature += ", " + s + " float32"
	}
	a.function(m.name, signature+")", m.doc)
	n := a.arg("n")
	var pointers []reg.GPVirtual
	for _, s := range m.slices {
		pointers = append(pointers, a.arg(s))
	}
	var scalars []reg.VecVirtual
	for _, s := range m.scalars {
		scalars = append(scalars, a.broadcastArg(s))
	}
	a.sweep(n, m.unroll, pointers, func(v view) { m.body(v, pointers, scalars) })
	a.VZEROUPPER()
	a.RET()
}

// broadcastArg loads a float32 argument into all lanes.
func (a *assembler) broadcastArg(name string) reg.VecVirtual {
	v := a.vec()
	address, err := a.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	a.VBROADCASTSS(address.Addr, v)
	return v
}

// constant returns an operand that holds x in all lanes: a memory operand, since AVX2 has no registers to spare.
func (a *assembler) constant(x float64) operand.Mem {
	return a.bitsConstant(math.Float32bits(float32(x)))
}

// bitsConstant returns a memory operand that holds a 32-bit pattern in all lanes.
func (a *assembler) bitsConstant(bits uint32) operand.Mem {
	if a.constants == nil {
		a.constants = map[uint32]operand.Mem{}
	}
	if m, ok := a.constants[bits]; ok {
		return m
	}
	m := a.StaticGlobal(fmt.Sprintf("const%08x%s", bits, a.set.name))
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range a.set.lanes {
		a.AddDatum(4*i, operand.U32(bits))
	}
	a.constants[bits] = m
	return m
}

// inRegister returns a register with a constant in all lanes.
func (a *assembler) inRegister(x float64) reg.VecVirtual {
	v := a.vec()
	a.VMOVUPS(a.constant(x), v)
	return v
}
