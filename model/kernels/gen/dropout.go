package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dropout writes the masked scaling of kernels/dropout.go, where the hash is explained, and its gradient behind a ReLU.
func dropout(a *assembler) {
	a.function("dropout", "func(n int, x, y *float32, key0, key1, threshold uint32, scale float32, first uint32)",
		"computes y = scale·x where the hash of the index, counted from first, reaches threshold, else 0.")
	n, x, y := a.arg("n"), a.arg("x"), a.arg("y")
	key0, key1, threshold := a.broadcastArg("key0"), a.broadcastArg("key1"), a.broadcastArg("threshold")
	scale := a.broadcastArg("scale")
	index := a.broadcastArg("first")
	a.VPADDD(a.counting(), index, index)
	a.sweep(n, 1, []reg.GPVirtual{x, y}, func(v view) {
		h, t := a.vec(), a.vec()
		a.xor(key0, index, h)
		mix := func(shift int) {
			a.VPSRLD(operand.U8(shift), h, t)
			a.xor(t, h, h)
		}
		mix(16)
		a.VPMULLD(a.bitsConstant(0x7feb352d), h, h)
		mix(15)
		a.VPADDD(key1, h, h)
		a.VPMULLD(a.bitsConstant(0x846ca68b), h, h)
		mix(16)
		a.VPADDD(a.bitsConstant(uint32(a.set.lanes)), index, index)
		value := v.load(x)
		a.VMULPS(scale, value, value)
		a.keepWhere(a.atLeast(h, threshold), value)
		v.store(value, y)
	})
	a.VZEROUPPER()
	a.RET()
	mapping{
		"reluDropoutGrad",
		[]string{"y", "dy", "dx"},
		[]string{"scale"},
		2, "computes dx = scale·dy where y > 0, else 0.",
		func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
			dy := v.load(p[1])
			v.VMULPS(s[0], dy, dy)
			v.keepWhere(v.greaterThanZero(v.load(p[0])), dy)
			v.store(dy, p[2])
		},
	}.emit(a)
}

// counting returns a constant with the number of each lane.
func (a *assembler) counting() operand.Mem {
	m := a.StaticGlobal("counting" + a.set.name)
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range a.set.lanes {
		a.AddDatum(4*i, operand.U32(uint32(i)))
	}
	return m
}

func (a *assembler) xor(x, y, dst operand.Op) {
	if a.set.wide() {
		a.VPXORD(x, y, dst)
	} else {
		a.VPXOR(x, y, dst)
	}
}

// atLeast compares unsigned 32-bit lanes: x >= y.
func (a *assembler) atLeast(x, y reg.VecVirtual) mask {
	if a.set.wide() {
		const notLess = 5
		k := a.K()
		a.VPCMPUD(operand.U8(notLess), y, x, k)
		return mask{k}
	}
	m := a.vec()
	a.VPMAXUD(y, x, m)
	a.VPCMPEQD(x, m, m)
	return mask{m}
}
