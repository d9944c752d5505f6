package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
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
	zeroStart
	rate                  rate
	beta1, beta2, epsilon float64
	amsgrad               bool
}

func newAdam(a *params.Args, r rate) Optimizer {
	return &Adam{
		rate: r, beta1: share(a, 0.9, "beta_1"), beta2: share(a, 0.999, "beta_2"), epsilon: epsilon(a),
		amsgrad: a.Bool(false, "amsgrad"),
	}
}

// Name is "Adam".
func (o *Adam) Name() string { return "Adam" }

// Slots is 2, with amsgrad 3.
func (o *Adam) Slots() int {
	if o.amsgrad {
		return 3
	}
	return 2
}

// Update makes one step.
func (o *Adam) Update(iteration int64, p, g []float32, slots [][]float32) {
	t := float64(iteration + 1)
	lr := o.rate.at(iteration) * math.Sqrt(correction(o.beta2, t)) / correction(o.beta1, t)
	if o.amsgrad {
		kernels.AMSGrad(p, g, slots[0], slots[1], slots[2], lr, o.beta1, o.beta2, o.epsilon)
		return
	}
	kernels.Adam(p, g, slots[0], slots[1], lr, o.beta1, o.beta2, o.epsilon)
}

// correction is 1 - betaᵗ, by which Adam and its kin divide a running mean that began at 0.
func correction(beta, t float64) float64 { return 1 - math.Pow(rounded(beta), t) }

// rounded is a decay rate as Keras has it where it casts it to the type of the weights. 1 - 0.999 becomes smaller by 1.3e-5
// of itself.
func rounded(beta float64) float64 { return float64(float32(beta)) }
