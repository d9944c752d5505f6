package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vector writes the simple maps and the sums.
func vector(a *assembler) {
	for _, m := range []mapping{
		{
			"add",
			[]string{"x", "y", "dst"},
			nil, 4, "computes dst = x + y.",
			func(v view, p []reg.GPVirtual, _ []reg.VecVirtual) {
				x := v.load(p[0])
				v.VADDPS(v.load(p[1]), x, x)
				v.store(x, p[2])
			},
		},
		{
			"mul",
			[]string{"x", "y", "dst"},
			nil, 4, "computes dst = x · y.",
			func(v view, p []reg.GPVirtual, _ []reg.VecVirtual) {
				x := v.load(p[0])
				v.VMULPS(v.load(p[1]), x, x)
				v.store(x, p[2])
			},
		},
		{
			"scale",
			[]string{"x", "dst"},
			[]string{"alpha"},
			4, "computes dst = alpha · x.",
			func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
				x := v.load(p[0])
				v.VMULPS(s[0], x, x)
				v.store(x, p[1])
			},
		},
		{
			"axpy",
			[]string{"x", "y"},
			[]string{"alpha"},
			4, "computes y += alpha · x.",
			func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
				y := v.load(p[1])
				v.VFMADD231PS(v.load(p[0]), s[0], y)
				v.store(y, p[1])
			},
		},
	} {
		m.emit(a)
	}
	sum(a, "sum64", "returns the sum of x in double precision.", func(half reg.VecVirtual, acc reg.VecVirtual) {
		a.VADDPD(half, acc, acc)
	})
	sum(a, "sumSquares64", "returns the sum of the squares of x in double precision.", func(half reg.VecVirtual, acc reg.VecVirtual) {
		a.VFMADD231PD(half, half, acc)
	})
}

// sum writes a reduction in double precision: each half of a vector, converted, is taken into an accumulator by take.
func sum(a *assembler, name, doc string, take func(half, acc reg.VecVirtual)) {
	const unroll = 2
	a.function(name, "func(n int, x *float32) float64", doc)
	n, x := a.arg("n"), a.arg("x")
	acc := make([]reg.VecVirtual, 2*unroll)
	for i := range acc {
		acc[i] = a.vec()
		a.zero(acc[i])
	}
	a.sweep(n, unroll, []reg.GPVirtual{x}, func(v view) {
		lo, hi := v.loadWide(x)
		at := v.disp / a.set.width() * 2
		take(lo, acc[at])
		take(hi, acc[at+1])
	})
	a.VADDPD(acc[1], acc[0], acc[0])
	a.VADDPD(acc[3], acc[2], acc[2])
	a.VADDPD(acc[2], acc[0], acc[0])
	a.sumLanes64(acc[0])
	result := a.XMM()
	a.VMOVAPD(acc[0].AsX(), result)
	a.VZEROUPPER()
	a.Store(result, a.ReturnIndex(0))
	a.RET()
}

// loadWide reads the vector of the slice at p as two of double precision. Read apart, its halves need no instruction that parts them.
func (v view) loadWide(p reg.Register) (lo, hi reg.VecVirtual) {
	if v.tail != nil {
		return v.widen(v.load(p))
	}
	lo, hi = v.vec(), v.vec()
	v.VCVTPS2PD(operand.Mem{Base: p, Disp: v.disp}, lo)
	v.VCVTPS2PD(operand.Mem{Base: p, Disp: v.disp + v.set.width()/2}, hi)
	return lo, hi
}

// widen converts the halves of a vector to double precision.
func (a *assembler) widen(x reg.VecVirtual) (lo, hi reg.VecVirtual) {
	lo, hi = a.vec(), a.vec()
	if a.set.wide() {
		upper := a.YMM()
		a.VCVTPS2PD(x.AsY(), lo)
		a.VEXTRACTF32X8(operand.U8(1), x, upper)
		a.VCVTPS2PD(upper, hi)
		return lo, hi
	}
	upper := a.XMM()
	a.VCVTPS2PD(x.AsX(), lo)
	a.VEXTRACTF128(operand.U8(1), x, upper)
	a.VCVTPS2PD(upper, hi)
	return lo, hi
}

// sumLanes64 adds the lanes of a vector of double precision into its first.
func (a *assembler) sumLanes64(x reg.VecVirtual) {
	if a.set.wide() {
		upper := a.YMM()
		a.VEXTRACTF64X4(operand.U8(1), x, upper)
		a.VADDPD(upper, x.AsY(), x.AsY())
	}
	upper := a.XMM()
	a.VEXTRACTF128(operand.U8(1), x.AsY(), upper)
	a.VADDPD(upper, x.AsX(), x.AsX())
	a.VUNPCKHPD(x.AsX(), x.AsX(), upper)
	a.VADDSD(upper, x.AsX(), x.AsX())
}
