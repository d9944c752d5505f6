package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Adam follows running means of the gradient and of its square, with t = iteration + 1:
//
//	m += (g - m)·(1 - beta_1)
//	v += (g² - v)·(1 - beta_2)
//	p -= lr·√(1 - beta_2ᵗ)/(1 - beta_1ᵗ) · m / (√v + epsilon)  // amsgrad: √ of the largest v so far
//
// Arguments: learning_rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7, amsgrad False. Slots: m, v, and the
// largest v where amsgrad.
//
// Source: keras/src/optimizers/adam.py.
type Adam struct {
	Beta1, Beta2, Epsilon float64
	AMSGrad               bool
}

func newAdam(a *params.Args) Rule {
	return Adam{
		Beta1: share(a, 0.9, "beta_1"), Beta2: share(a, 0.999, "beta_2"), Epsilon: epsilon(a), AMSGrad: a.Bool(false, "amsgrad"),
	}
}

// Kind is "Adam".
func (Adam) Kind() string { return "Adam" }

// Slots is 2, with amsgrad 3.
func (o Adam) Slots() int {
	if o.AMSGrad {
		return 3
	}
	return 2
}

func (o Adam) correct(rate float64, iteration int64) Scalars {
	t := float64(iteration + 1)
	return Scalars{Rate: rate, Corrected: rate * math.Sqrt(correction(o.Beta2, t)) / correction(o.Beta1, t)}
}

// correction is 1 - betaᵗ, by which Adam and its kin divide a running mean that began at 0. Where betaᵗ is below 2⁻⁵⁴ it is 1, without the
// power, which is a large part of a small step: betaᵗ is at most exp(-t·(1-beta)), and exp(-38) is below 2⁻⁵⁴.
func correction(beta, t float64) float64 {
	beta = rounded(beta)
	if t*(1-beta) > 38 {
		return 1
	}
	return 1 - math.Pow(beta, t)
}

// rounded is a decay rate as Keras has it where it casts it to the type of the weights. 1 - 0.999 becomes smaller by 1.3e-5
// of itself.
func rounded(beta float64) float64 { return float64(float32(beta)) }
