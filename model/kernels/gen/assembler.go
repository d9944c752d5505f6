package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An instructionSet is a target: its name in file names and in function names, and its vectors.
type instructionSet struct {
	file  string // as in tile_avx2_amd64.s
	name  string // as in tileAVX2
	lanes int    // float32 elements of a vector
	regs  []reg.VecPhysical
}

var (
	avx2 = instructionSet{"avx2", "AVX2", 8, []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}}
	avx512 = instructionSet{"avx512", "AVX512", 16, []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}}
)

// width is the size of a vector in bytes.
func (s instructionSet) width() int { return 4 * s.lanes }

// wide reports whether the set has 16 lanes, 32 registers and mask registers.
func (s instructionSet) wide() bool { return s.lanes == 16 }

// An assembler writes functions for one instruction set. Its methods hide where the sets differ.
type assembler struct {
	*build.Context
	set       instructionSet
	labels    int
	laneMasks operand.Mem
	constants map[uint32]operand.Mem
}

// function opens an assembly function called name + the set's name.
func (a *assembler) function(name, signature string, doc ...string) {
	a.Function(name + a.set.name)
	a.Attributes(attr.NOSPLIT)
	a.Pragma("noescape")
	a.SignatureExpr(signature)
	doc[0] = fmt.Sprintf("%s%s %s", name, a.set.name, doc[0])
	a.Doc(doc...)
}

// label returns a name that is new in the function.
func (a *assembler) label(phase string) string {
	a.labels++
	return fmt.Sprintf("%s%d", phase, a.labels)
}

// arg loads an integer or pointer argument into a general register.
func (a *assembler) arg(name string) reg.GPVirtual {
	r := a.GP64()
	a.Load(a.Param(name), r)
	return r
}

// vec returns a new vector register.
func (a *assembler) vec() reg.VecVirtual {
	if a.set.wide() {
		return a.ZMM()
	}
	return a.YMM()
}

// zero clears a vector register.
func (a *assembler) zero(v reg.Register) { a.VXORPS(v, v, v) }

// A mask selects the first lanes of a vector.
type mask struct{ op operand.Op }

// firstLanes returns the mask of the first n lanes; n lies in 0..lanes and is kept.
func (a *assembler) firstLanes(n reg.Register) mask {
	t := a.GP64()
	if a.set.wide() {
		k := a.K()
		a.MOVQ(operand.U32(0xffffffff), t)
		a.BZHIQ(n, t, t)
		a.KMOVW(t.As32(), k)
		return mask{k}
	}
	table, v := a.GP64(), a.YMM()
	a.MOVQ(n, t)
	a.NEGQ(t)
	a.LEAQ(a.laneMaskTable(), table)
	a.VMOVUPS(operand.Mem{Base: table, Index: t, Scale: 4, Disp: 32}, v)
	return mask{v}
}

// laneMaskTable returns the table from which AVX2 lane masks are loaded: eight all-ones lanes, then eight zeros.
func (a *assembler) laneMaskTable() operand.Mem {
	if a.laneMasks.Base != nil {
		return a.laneMasks
	}
	m := a.StaticGlobal("laneMask" + a.set.name)
	a.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		v := uint32(0xffffffff)
		if i >= 8 {
			v = 0
		}
		a.AddDatum(4*i, operand.U32(v))
	}
	a.laneMasks = m
	return m
}

// loadMasked loads the lanes of m and zeroes the others.
func (a *assembler) loadMasked(src operand.Mem, m mask, dst reg.Register) {
	if a.set.wide() {
		a.VMOVUPS_Z(src, m.op, dst)
	} else {
		a.VMASKMOVPS(src, m.op, dst)
	}
}

// storeMasked stores the lanes of m.
func (a *assembler) storeMasked(src reg.Register, m mask, dst operand.Mem) {
	if a.set.wide() {
		a.VMOVUPS(src, m.op, dst)
	} else {
		a.VMASKMOVPS(src, m.op, dst)
	}
}
