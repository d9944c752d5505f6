package kernels

import "math"

// The optimizer sweeps below update the weights p from the gradients g in one pass; all slices have one length. The
// formulas are those of Keras 3 (keras/src/optimizers); g is not changed. Hyper-parameters are rounded to float32 after
// differences like 1-beta are taken, as Keras does.

// SGD computes p[i] -= lr·g[i].
func SGD(p, g []float32, lr float64) {
	exactly("SGD", "g", len(g), len(p))
	axpy(float32(-lr), g, p)
}

// SGDMomentum computes stochastic gradient descent with momentum, v being the velocity:
//
//	v = momentum·v - lr·g
//	p += v                    // nesterov: p += momentum·v - lr·g
func SGDMomentum(p, g, v []float32, lr, momentum float64, nesterov bool) {
	exactly("SGDMomentum", "g", len(g), len(p))
	exactly("SGDMomentum", "v", len(v), len(p))
	sgdMomentum(p, g, v, float32(lr), float32(momentum), nesterov)
}

func sgdMomentumGo(p, g, v []float32, lr, momentum float32, nesterov bool) {
	for i, d := range g {
		step := float32(lr * d)
		w := float32(momentum*v[i]) - step
		v[i] = w
		if nesterov {
			w = float32(momentum*w) - step
		}
		p[i] += w
	}
}

// RMSprop computes Tieleman and Hinton's RMSprop. s is the mean square, mom the momentum (nil: none) and mg the mean
// gradient (nil: not centered):
//
//	s = rho·s + (1-rho)·g²
//	mg = rho·mg + (1-rho)·g
//	step = lr·g / √(s - mg² + eps)  // without mg: √(s + eps)
//	mom = momentum·mom + step
//	p -= mom                        // without mom: p -= step
func RMSprop(p, g, s, mom, mg []float32, lr, rho, momentum, eps float64) {
	exactly("RMSprop", "g", len(g), len(p))
	exactly("RMSprop", "s", len(s), len(p))
	if mom != nil {
		exactly("RMSprop", "mom", len(mom), len(p))
	}
	if mg != nil {
		exactly("RMSprop", "mg", len(mg), len(p))
	}
	rmsprop(p, g, s, mom, mg, float32(lr), float32(rho), float32(1-rho), float32(momentum), float32(eps))
}

func rmspropGo(p, g, s, mom, mg []float32, lr, rho, rho1, momentum, eps float32) {
	for i, d := range g {
		q := float32(rho*s[i]) + float32(rho1*(d*d))
		s[i] = q
		if mg != nil {
			a := float32(rho*mg[i]) + float32(rho1*d)
			mg[i] = a
			q -= float32(a * a)
		}
		step := lr * d / sqrt(q+eps)
		if mom != nil {
			step += float32(momentum * mom[i])
			mom[i] = step
		}
		p[i] -= step
	}
}

// Adam computes the update of Kingma and Ba (2014) in the form with the bias corrections moved into the learning rate
// (the paper's "epsilon hat"), lrT = lr·√(1-beta2ᵗ)/(1-beta1ᵗ) at step t = 1, 2, ...:
//
//	m += (g - m)·(1-beta1)
//	v += (g² - v)·(1-beta2)
//	p -= lrT·m / (√v + eps)
func Adam(p, g, m, v []float32, lrT, beta1, beta2, eps float64) {
	exactly("Adam", "g", len(g), len(p))
	exactly("Adam", "m", len(m), len(p))
	exactly("Adam", "v", len(v), len(p))
	adam(p, g, m, v, float32(lrT), float32(1-beta1), float32(1-beta2), float32(eps))
}

func adamGo(p, g, m, v []float32, lrT, beta11, beta21, eps float32) {
	for i, d := range g {
		a := m[i] + float32((d-m[i])*beta11)
		q := v[i] + float32((float32(d*d)-v[i])*beta21)
		m[i], v[i] = a, q
		p[i] -= lrT * a / (sqrt(q) + eps)
	}
}

// AMSGrad is Adam with the largest v so far, vhat, in the denominator (Reddi et al. 2018):
//
//	m, v as in Adam
//	vhat = max(vhat, v)
//	p -= lrT·m / (√vhat + eps)
func AMSGrad(p, g, m, v, vhat []float32, lrT, beta1, beta2, eps float64) {
	exactly("AMSGrad", "g", len(g), len(p))
	exactly("AMSGrad", "m", len(m), len(p))
	exactly("AMSGrad", "v", len(v), len(p))
	exactly("AMSGrad", "vhat", len(vhat), len(p))
	lr, beta11, beta21, e := float32(lrT), float32(1-beta1), float32(1-beta2), float32(eps)
	for i, d := range g {
		a := m[i] + float32((d-m[i])*beta11)
		q := v[i] + float32((float32(d*d)-v[i])*beta21)
		m[i], v[i] = a, q
		q = max(vhat[i], q)
		vhat[i] = q
		p[i] -= lr * a / (sqrt(q) + e)
	}
}

// Adagrad computes the update of Duchi et al. (2011), s being the sum of squares:
//
//	s += g²
//	p -= lr·g / √(s + eps)
func Adagrad(p, g, s []float32, lr, eps float64) {
	exactly("Adagrad", "g", len(g), len(p))
	exactly("Adagrad", "s", len(s), len(p))
	rate, e := float32(lr), float32(eps)
	for i, d := range g {
		q := s[i] + float32(d*d)
		s[i] = q
		p[i] -= rate * d / sqrt(q+e)
	}
}

// Adadelta computes the update of Zeiler (2012), s being the mean square of gradients and u that of updates:
//
//	s = rho·s + (1-rho)·g²
//	d = -g·√(u + eps) / √(s + eps)
//	u = rho·u + (1-rho)·d²
//	p += lr·d
func Adadelta(p, g, s, u []float32, lr, rho, eps float64) {
	exactly("Adadelta", "g", len(g), len(p))
	exactly("Adadelta", "s", len(s), len(p))
	exactly("Adadelta", "u", len(u), len(p))
	adadelta(p, g, s, u, float32(lr), float32(rho), float32(1-rho), float32(eps))
}

func adadeltaGo(p, g, s, u []float32, lr, rho, rho1, eps float32) {
	for i, d := range g {
		q := float32(rho*s[i]) + float32(rho1*(d*d))
		step := d * sqrt(u[i]+eps) / sqrt(q+eps)
		s[i], u[i] = q, float32(rho*u[i])+float32(rho1*(step*step))
		p[i] -= float32(lr * step)
	}
}

// Adamax computes the variant of Adam with the infinity norm, lrT = lr/(1-beta1ᵗ) at step t = 1, 2, ...:
//
//	m += (g - m)·(1-beta1)
//	u = max(beta2·u, |g|)
//	p -= lrT·m / (u + eps)
func Adamax(p, g, m, u []float32, lrT, beta1, beta2, eps float64) {
	exactly("Adamax", "g", len(g), len(p))
	exactly("Adamax", "m", len(m), len(p))
	exactly("Adamax", "u", len(u), len(p))
	lr, beta11, keep, e := float32(lrT), float32(1-beta1), float32(beta2), float32(eps)
	for i, d := range g {
		a := m[i] + float32((d-m[i])*beta11)
		q := max(keep*u[i], abs(d))
		m[i], u[i] = a, q
		p[i] -= lr * a / (q + e)
	}
}

// Nadam computes Adam with Nesterov momentum (Dozat 2016). The caller keeps the momentum schedule and gives the factors
// of m and g in the corrected gradient and of v in the corrected mean square:
//
//	m += (g - m)·(1-beta1)
//	v += (g² - v)·(1-beta2)
//	p -= lr·(cm·m + cg·g) / (√(cv·v) + eps)
//
// In Keras' names cm = u_t_1/(1-u_product_t_1), cg = (1-u_t)/(1-u_product_t), cv = 1/(1-beta2ᵗ).
func Nadam(p, g, m, v []float32, lr, beta1, beta2, eps, cm, cg, cv float64) {
	exactly("Nadam", "g", len(g), len(p))
	exactly("Nadam", "m", len(m), len(p))
	exactly("Nadam", "v", len(v), len(p))
	beta11, beta21, e := float32(1-beta1), float32(1-beta2), float32(eps)
	rate, fm, fg, fv := float32(lr), float32(cm), float32(cg), float32(cv)
	for i, d := range g {
		a := m[i] + float32((d-m[i])*beta11)
		q := v[i] + float32((float32(d*d)-v[i])*beta21)
		m[i], v[i] = a, q
		p[i] -= rate * (float32(fm*a) + float32(fg*d)) / (sqrt(fv*q) + e)
	}
}

// FtrlOptions are the hyper-parameters of Ftrl, with Keras' names and defaults.
type FtrlOptions struct {
	LearningRate float64 // learning_rate, 0.001
	Power        float64 // learning_rate_power, -0.5
	L1           float64 // l1_regularization_strength, 0
	L2           float64 // l2_regularization_strength, 0
	Shrinkage    float64 // l2_shrinkage_regularization_strength, 0
	Beta         float64 // beta, 0
}

// Ftrl computes "follow the regularised leader" (McMahan et al. 2013), s being the accumulator and z the linear term:
//
//	q = s + g²
//	z += g + 2·shrinkage·p - (q^-power - s^-power)/lr · p
//	p = (clip(z, -l1, l1) - z) / (q^-power/lr + 2·(l2 + beta/(2·lr)))
//	s = q
func Ftrl(p, g, s, z []float32, o FtrlOptions) {
	exactly("Ftrl", "g", len(g), len(p))
	exactly("Ftrl", "s", len(s), len(p))
	exactly("Ftrl", "z", len(z), len(p))
	l2 := o.L2 + o.Beta/(2*o.LearningRate)
	for i := range p {
		d, old := float64(g[i]), float64(s[i])
		q := old + d*d
		before, after := math.Pow(old, -o.Power), math.Pow(q, -o.Power)
		w := float64(p[i])
		linear := float64(z[i]) + d + 2*o.Shrinkage*w - (after-before)/o.LearningRate*w
		p[i] = float32((clip(linear, -o.L1, o.L1) - linear) / (after/o.LearningRate + 2*l2))
		s[i], z[i] = float32(q), float32(linear)
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
func abs(x float32) float32  { return float32(math.Abs(float64(x))) }
