package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bfloat16 writes the rounding to bfloat16, in integers: VCVTNEPS2BF16 takes subnormal numbers for zeros, and few processors have it.
func bfloat16(a *assembler) {
	const unordered = 3
	mapping{
		"roundBfloat16",
		[]string{"x", "dst"},
		nil, 4, "rounds x to bfloat16, nearest even.",
		func(v view, p []reg.GPVirtual, _ []reg.VecVirtual) {
			x, rounded := v.load(p[0]), v.vec()
			isNaN := v.compareLanes(unordered, x, x)
			v.VPSRLD(operand.U8(16), x, rounded)
			v.and(v.bitsConstant(1), rounded)
			v.VPADDD(x, rounded, rounded)
			v.VPADDD(v.bitsConstant(0x7fff), rounded, rounded)
			v.VORPS(v.bitsConstant(0x00400000), x, x)
			v.replaceWhere(isNaN, x, rounded)
			v.and(v.bitsConstant(0xffff0000), rounded)
			v.store(rounded, p[1])
		},
	}.emit(a)
}

// and keeps the bits of x that m has.
func (a *assembler) and(m operand.Mem, x reg.VecVirtual) { a.VANDPS(m, x, x) }
