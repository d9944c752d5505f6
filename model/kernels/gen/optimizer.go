package main

import "github.com/mmcloughlin/avo/reg"

// optimizer writes the fused sweeps of the common optimizers; the formulas stand in kernels/optimizer.go. The gradient g
// is called grad, since g is a register.
func optimizer(a *assembler) {
	for _, nesterov := range []bool{false, true} {
		name, formula := "sgdMomentum", "computes v = momentum·v - lr·g and p += v."
		if nesterov {
			name, formula = "sgdNesterov", "computes v = momentum·v - lr·g and p += momentum·v - lr·g."
		}
		mapping{
			name,
			[]string{"p", "grad", "v"},
			[]string{"lr", "momentum"},
			2, formula,
			func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
				lr, momentum := s[0], s[1]
				w, step, velocity := v.load(p[0]), v.load(p[1]), v.load(p[2])
				v.VMULPS(lr, step, step)
				v.VFMSUB213PS(step, momentum, velocity)
				v.store(velocity, p[2])
				if nesterov {
					v.VFMSUB213PS(step, momentum, velocity)
				}
				v.VADDPS(velocity, w, w)
				v.store(w, p[0])
			},
		}.emit(a)
	}
	mapping{
		"rmsprop",
		[]string{"p", "grad", "s"},
		[]string{"lr", "rho", "rho1", "eps"},
		2,
		"computes s = rho·s + rho1·g² and p -= lr·g/√(s + eps).",
		func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
			lr, rho, rho1, eps := s[0], s[1], s[2], s[3]
			w, g, q := v.load(p[0]), v.load(p[1]), v.load(p[2])
			v.meanSquare(q, g, rho, rho1)
			v.store(q, p[2])
			v.VADDPS(eps, q, q)
			v.VSQRTPS(q, q)
			v.VMULPS(lr, g, g)
			v.VDIVPS(q, g, g)
			v.VSUBPS(g, w, w)
			v.store(w, p[0])
		},
	}.emit(a)
	mapping{
		"adam",
		[]string{"p", "grad", "m", "v"},
		[]string{"lrT", "beta11", "beta21", "eps"},
		2,
		"computes m += (g - m)·beta11, v += (g² - v)·beta21 and p -= lrT·m/(√v + eps).",
		func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
			lrT, beta11, beta21, eps := s[0], s[1], s[2], s[3]
			w, g, mean, square := v.load(p[0]), v.load(p[1]), v.load(p[2]), v.load(p[3])
			d := v.vec()
			v.VSUBPS(mean, g, d)
			v.VFMADD231PS(beta11, d, mean)
			v.store(mean, p[2])
			v.VFMSUB213PS(square, g, g) // g² - v
			v.VFMADD231PS(beta21, g, square)
			v.store(square, p[3])
			v.VSQRTPS(square, square)
			v.VADDPS(eps, square, square)
			v.VMULPS(lrT, mean, mean)
			v.VDIVPS(square, mean, mean)
			v.VSUBPS(mean, w, w)
			v.store(w, p[0])
		},
	}.emit(a)
	mapping{
		"adadelta",
		[]string{"p", "grad", "s", "u"},
		[]string{"lr", "rho", "rho1", "eps"},
		1,
		"computes s = rho·s + rho1·g², d = g·√(u + eps)/√(s + eps), u = rho·u + rho1·d² and p -= lr·d.",
		func(v view, p []reg.GPVirtual, s []reg.VecVirtual) {
			lr, rho, rho1, eps := s[0], s[1], s[2], s[3]
			w, g, q, u := v.load(p[0]), v.load(p[1]), v.load(p[2]), v.load(p[3])
			v.meanSquare(q, g, rho, rho1)
			v.store(q, p[2])
			v.VADDPS(eps, q, q)
			v.VSQRTPS(q, q)
			root := v.vec()
			v.VADDPS(eps, u, root)
			v.VSQRTPS(root, root)
			v.VMULPS(root, g, g)
			v.VDIVPS(q, g, g)
			v.VFNMADD231PS(lr, g, w)
			v.store(w, p[0])
			v.meanSquare(u, g, rho, rho1)
			v.store(u, p[3])
		},
	}.emit(a)
}

// meanSquare moves a running mean square: q = rho·q + rho1·g².
func (a *assembler) meanSquare(q, g, rho, rho1 reg.VecVirtual) {
	squared := a.vec()
	a.VMULPS(g, g, squared)
	a.VMULPS(rho1, squared, squared)
	a.VFMADD213PS(squared, rho, q)
}
