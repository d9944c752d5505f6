package main

import "github.com/mmcloughlin/avo/operand"

// peak writes the loop of package fmapeak: ten independent chains of fused multiply-adds on registers, more than
// latency x throughput of any CPU that has the instructions.
func peak(a *assembler) {
	const chains = 10
	a.function("run", "func(n int)", "executes n times 10 fused multiply-adds on vectors.")
	n := a.arg("n")
	for i := range chains {
		a.zero(a.set.regs[i])
	}
	a.zero(a.set.regs[chains])
	a.Label("loop")
	for i := range chains {
		a.VFMADD231PS(a.set.regs[chains], a.set.regs[chains], a.set.regs[i])
	}
	a.DECQ(n)
	a.JNZ(operand.LabelRef("loop"))
	a.VZEROUPPER()
	a.RET()
}
