package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// activation writes the activations, their gradients and the elementary functions under them.
func activation(a *assembler) {
	unary := func(name, doc string, f func(x reg.VecVirtual) reg.VecVirtual) {
		mapping{name, []string{"x", "y"}, nil, 2, doc, func(v view, p []reg.GPVirtual, _ []reg.VecVirtual) {
			v.store(f(v.load(p[0])), p[1])
		}}.emit(a)
	}
	gradient := func(name, doc string, f func(y, dy reg.VecVirtual)) {
		mapping{name, []string{"y", "dy", "dx"}, nil, 2, doc, func(v view, p []reg.GPVirtual, _ []reg.VecVirtual) {
			y, dy := v.load(p[0]), v.load(p[1])
			f(y, dy)
			v.store(dy, p[2])
		}}.emit(a)
	}
	unary("exp", "computes y = exp(x).", a.exp)
	unary("log", "computes y = log(x).", a.log)
	unary("relu", "computes y = max(x, 0), NaN and -0 for NaN and -0.", a.relu)
	unary("sigmoid", "computes y = 1/(1 + exp(-x)).", a.sigmoid)
	unary("tanh", "computes y = tanh(x).", a.tanh)
	gradient("reluGrad", "computes dx = dy where y > 0, else 0.", func(y, dy reg.VecVirtual) {
		a.keepWhere(a.greaterThanZero(y), dy)
	})
	gradient("sigmoidGrad", "computes dx = dy·y·(1 - y).", func(y, dy reg.VecVirtual) {
		slope := a.vec()
		a.VMOVAPS(y, slope)
		a.VFNMADD213PS(y, y, slope) // y - y²
		a.VMULPS(slope, dy, dy)
	})
	gradient("tanhGrad", "computes dx = dy·(1 - y²).", func(y, dy reg.VecVirtual) {
		a.VFNMADD213PS(a.constant(1), y, y)
		a.VMULPS(y, dy, dy)
	})
}

// The polynomial of exp(r) = 1 + r + r²·(c0 + c1·r + ...) on |r| <= log(2)/2, by interpolation at Chebyshev nodes; its
// relative error is 5.4e-10.
var expPolynomial = []float64{
	0.5000000013465805, 0.1666666668162391, 0.04166646492530597,
	0.008333310925349528, 0.0013933649994801788, 0.00019890990886142618,
}

// reduced splits x into n·log(2) + r and returns n and exp(r) - 1, accurate where r is small.
func (a *assembler) reduced(x reg.VecVirtual) (n, p reg.VecVirtual) {
	ln2 := float64(float32(math.Ln2))
	n, r, q := a.vec(), a.vec(), a.vec()
	a.VMULPS(a.constant(math.Log2E), x, n)
	a.round(n)
	a.VMOVAPS(x, r)
	a.VFNMADD231PS(a.constant(ln2), n, r)
	a.VFNMADD231PS(a.constant(math.Ln2-ln2), n, r)
	last := len(expPolynomial) - 1
	a.VMOVUPS(a.constant(expPolynomial[last]), q)
	for i := last - 1; i >= 0; i-- {
		a.VFMADD213PS(a.constant(expPolynomial[i]), r, q)
	}
	p = a.vec()
	a.VMULPS(r, r, p)
	a.VFMADD213PS(r, q, p)
	return n, p
}

// round rounds to the nearest integer, ties to even.
func (a *assembler) round(x reg.VecVirtual) {
	const nearest = 8 // without raising the inexact exception
	if a.set.wide() {
		a.VRNDSCALEPS(operand.U8(nearest), x, x)
	} else {
		a.VROUNDPS(operand.U8(nearest), x, x)
	}
}

// exp returns exp(x). The argument is limited to where the result is not yet 0 or +Inf.
func (a *assembler) exp(x reg.VecVirtual) reg.VecVirtual {
	a.limit(x, -105, 89)
	n, p := a.reduced(x)
	a.VADDPS(a.constant(1), p, p)
	a.scaleByPowerOfTwo(p, n)
	return p
}

// limit clamps x to [lo, hi] and keeps NaN: the second source of a minimum or maximum wins when one is NaN.
func (a *assembler) limit(x reg.VecVirtual, lo, hi float64) {
	a.VMAXPS(x, a.inRegister(lo), x)
	a.VMINPS(x, a.inRegister(hi), x)
}

// scaleByPowerOfTwo multiplies x by 2ⁿ for integers n in -160..130 with one rounding.
func (a *assembler) scaleByPowerOfTwo(x, n reg.VecVirtual) {
	if a.set.wide() {
		a.VSCALEFPS(n, x, x)
		return
	}
	// 2ⁿ may not be a float32, 2ᵐ and 2ⁿ⁻ᵐ with m = n/2 are; the first product is exact.
	half, rest := a.vec(), a.vec()
	a.VCVTPS2DQ(n, rest)
	a.VPSRAD(operand.U8(1), rest, half)
	a.VPSUBD(half, rest, rest)
	for _, e := range []reg.VecVirtual{half, rest} {
		a.VPADDD(a.bitsConstant(127), e, e)
		a.VPSLLD(operand.U8(23), e, e)
		a.VMULPS(e, x, x)
	}
}

// The polynomial of log(1 + f) = f - f²/2 + f³·(c0 + c1·f + ...) on 1+f in [√½, √2), by interpolation at Chebyshev nodes;
// its relative error is 3.1e-9.
var logPolynomial = []float64{
	0.33333331180031756, -0.24999996957953977, 0.20000715748789707, -0.16667802319252786, 0.14249057647485922,
	-0.12425687336986385, 0.11685419916238712, -0.11479733810679095, 0.0697161144339361,
}

// log returns the natural logarithm, from x = 2ⁿ·(1+f) with 1+f in [√½, √2).
func (a *assembler) log(x reg.VecVirtual) reg.VecVirtual {
	const (
		lessThan, equal, notAtLeast = 0x11, 0x00, 0x19 // quiet; the last also for NaN
		rootHalf                    = 0x3f3504f3       // √½
		subnormalShift              = 25
	)
	ln2 := float64(float32(math.Ln2))
	// Subnormal numbers are scaled up.
	n, m, bias := a.vec(), a.vec(), a.vec()
	a.VMULPS(a.constant(1<<subnormalShift), x, m)
	small := a.compareLanes(lessThan, x, a.inRegister(0x1p-126))
	a.zero(bias)
	a.replaceWhere(small, a.inRegister(-subnormalShift), bias)
	scaled := a.vec()
	a.VMOVAPS(x, scaled)
	a.replaceWhere(small, m, scaled)

	a.VPSUBD(a.bitsConstant(rootHalf), scaled, n)
	a.VPSRAD(operand.U8(23), n, n)
	a.VPSLLD(operand.U8(23), n, m)
	a.VPSUBD(m, scaled, m)
	a.VCVTDQ2PS(n, n)
	a.VADDPS(bias, n, n)

	f, square, q := a.vec(), a.vec(), a.vec()
	a.VSUBPS(a.constant(1), m, f)
	a.VMULPS(f, f, square)
	last := len(logPolynomial) - 1
	a.VMOVUPS(a.constant(logPolynomial[last]), q)
	for i := last - 1; i >= 0; i-- {
		a.VFMADD213PS(a.constant(logPolynomial[i]), f, q)
	}
	a.VMULPS(f, q, q)
	a.VSUBPS(a.constant(0.5), q, q)
	a.VMULPS(square, q, q) // -f²/2 + f³·P(f)
	a.VFMADD231PS(a.constant(math.Ln2-ln2), n, q)
	a.VADDPS(f, q, q)
	a.VFMADD231PS(a.constant(ln2), n, q)

	infinite := a.inRegister(math.Inf(1))
	a.replaceWhere(a.compareLanes(equal, x, infinite), infinite, q)
	zero := a.vec()
	a.zero(zero)
	a.replaceWhere(a.compareLanes(equal, x, zero), a.inRegister(math.Inf(-1)), q)
	a.replaceWhere(a.compareLanes(notAtLeast, x, zero), a.inRegister(math.NaN()), q)
	return q
}

// relu returns max(x, 0).
func (a *assembler) relu(x reg.VecVirtual) reg.VecVirtual {
	zero := a.vec()
	a.zero(zero)
	a.VMAXPS(x, zero, x)
	return x
}

// magnitude returns |x|.
func (a *assembler) magnitude(x reg.VecVirtual) reg.VecVirtual {
	m := a.vec()
	a.VANDPS(a.bitsConstant(0x7fffffff), x, m)
	return m
}

// sigmoid returns e/(1 + e) for x < 0 and 1/(1 + e) otherwise, with e = exp(-|x|): small results keep their precision.
func (a *assembler) sigmoid(x reg.VecVirtual) reg.VecVirtual {
	e := a.vec()
	a.VORPS(a.bitsConstant(0x80000000), x, e)
	e = a.exp(e)
	numerator, denominator := a.inRegister(1), a.vec()
	a.VADDPS(e, numerator, denominator)
	if a.set.wide() {
		negative := a.K()
		a.VPMOVD2M(x, negative)
		a.VMOVAPS(e, negative, numerator)
	} else {
		a.VBLENDVPS(x, e, numerator, numerator)
	}
	a.VDIVPS(denominator, numerator, numerator)
	return numerator
}

// tanh returns t/(t + 2) with t = exp(2|x|) - 1, with the sign of x. From |x| = 10 on the result is 1.
func (a *assembler) tanh(x reg.VecVirtual) reg.VecVirtual {
	twice := a.magnitude(x)
	a.VADDPS(twice, twice, twice)
	a.VMINPS(twice, a.inRegister(20), twice)
	n, p := a.reduced(twice)
	power := a.inRegister(1) // 2ⁿ
	a.scaleByPowerOfTwo(power, n)
	t := a.vec()
	a.VSUBPS(a.constant(1), power, t)
	a.VFMADD231PS(power, p, t) // 2ⁿ·(exp(r) - 1) + 2ⁿ - 1
	denominator := a.vec()
	a.VADDPS(a.constant(2), t, denominator)
	a.VDIVPS(denominator, t, t)
	sign := a.vec()
	a.VANDPS(a.bitsConstant(0x80000000), x, sign)
	a.VORPS(sign, t, t)
	return t
}

// greaterThanZero returns the lanes with x > 0 as a mask.
func (a *assembler) greaterThanZero(x reg.VecVirtual) mask {
	const greater = 0x1e // ordered, quiet
	zero := a.vec()
	a.zero(zero)
	return a.compareLanes(greater, x, zero)
}

// compareLanes compares the lanes of x and y by a predicate of VCMPPS.
func (a *assembler) compareLanes(predicate uint8, x, y reg.VecVirtual) mask {
	if a.set.wide() {
		k := a.K()
		a.VCMPPS(operand.U8(predicate), y, x, k)
		return mask{k}
	}
	m := a.vec()
	a.VCMPPS(operand.U8(predicate), y, x, m)
	return mask{m}
}

// keepWhere zeroes the lanes of x outside the mask.
func (a *assembler) keepWhere(m mask, x reg.VecVirtual) {
	if a.set.wide() {
		a.VMOVAPS_Z(x, m.op, x)
	} else {
		a.VANDPS(m.op, x, x)
	}
}

// replaceWhere copies the lanes of y inside the mask into x.
func (a *assembler) replaceWhere(m mask, y, x reg.VecVirtual) {
	if a.set.wide() {
		a.VMOVAPS(y, m.op, x)
	} else {
		a.VBLENDVPS(m.op, y, x, x)
	}
}
