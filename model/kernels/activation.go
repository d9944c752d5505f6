package kernels

import (
	"fmt"
	"math"
)

// An Activation is an element-wise function of Keras' activations. Softmax, which works on rows, is not one of them.
type Activation uint8

// The activations, with f(x) as Keras defines it.
const (
	Linear        Activation = iota // x
	ReLU                            // max(x, 0)
	Sigmoid                         // 1 / (1 + exp(-x))
	Tanh                            // tanh(x)
	ELU                             // x for x > 0, else exp(x) - 1
	SELU                            // 1.0507...·x for x > 0, else 1.0507...·1.6732...·(exp(x) - 1)
	Softplus                        // log(1 + exp(x))
	Softsign                        // x / (1 + |x|)
	Exponential                     // exp(x)
	HardSigmoid                     // clip(x/6 + 1/2, 0, 1), of Keras 3
	HardSigmoidV2                   // clip(x/5 + 1/2, 0, 1), of Keras 1 and 2
	ReLU6                           // min(max(x, 0), 6)
	LeakyReLU                       // x for x > 0, else 0.2·x, the default slope of Keras 3's leaky_relu
	SiLU                            // x·sigmoid(x), also called swish
	GELU                            // x·Φ(x) with the normal distribution function Φ
	GELUTanh                        // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
	Mish                            // x·tanh(softplus(x))
	numActivations
)

// The constants of SELU, from Klambauer et al., Self-Normalizing Neural Networks (2017).
const (
	seluScale = 1.0507009873554804934193349852946
	seluAlpha = 1.6732632423543772848170429916717
)

// leakySlope is the slope of LeakyReLU below zero.
const leakySlope = 0.2

// An activationSpec defines one activation in double precision: the function and its derivative, from the output y
// where y determines it (gradY) and from the input x.
type activationSpec struct {
	name  string
	f     func(x float64) float64
	gradY func(y float64) float64 // nil: y does not determine the derivative
	gradX func(x float64) float64
}

// activations is the table of all activations: a new one is a constant and a row here.
var activations = [numActivations]activationSpec{
	Linear: {"linear", func(x float64) float64 { return x }, one, one},
	ReLU:   {"relu", relu, positive, positive},
	Sigmoid: {
		"sigmoid", sigmoid, func(y float64) float64 { return y * (1 - y) },
		func(x float64) float64 { return sigmoid(x) * sigmoid(-x) },
	},
	Tanh: {
		"tanh", math.Tanh, func(y float64) float64 { return 1 - y*y },
		func(x float64) float64 { y := math.Tanh(x); return 1 - y*y },
	},
	ELU: {
		"elu", func(x float64) float64 { return pick(x > 0, x, math.Expm1(x)) },
		func(y float64) float64 { return pick(y > 0, 1, y+1) },
		func(x float64) float64 { return pick(x > 0, 1, math.Exp(x)) },
	},
	SELU: {
		"selu", func(x float64) float64 { return seluScale * pick(x > 0, x, seluAlpha*math.Expm1(x)) },
		func(y float64) float64 { return pick(y > 0, seluScale, y+seluScale*seluAlpha) },
		func(x float64) float64 { return seluScale * pick(x > 0, 1, seluAlpha*math.Exp(x)) },
	},
	Softplus: {"softplus", softplus, func(y float64) float64 { return -math.Expm1(-y) }, sigmoid},
	Softsign: {
		"softsign", func(x float64) float64 { return x / (1 + math.Abs(x)) },
		func(y float64) float64 { d := 1 - math.Abs(y); return d * d },
		func(x float64) float64 { d := 1 / (1 + math.Abs(x)); return d * d },
	},
	Exponential: {"exponential", math.Exp, func(y float64) float64 { return y }, math.Exp},
	HardSigmoid: {
		"hard_sigmoid", func(x float64) float64 { return clip(x/6+0.5, 0, 1) },
		func(y float64) float64 { return pick(y > 0 && y < 1, 1.0/6, 0) },
		func(x float64) float64 { return pick(x > -3 && x < 3, 1.0/6, 0) },
	},
	HardSigmoidV2: {
		"hard_sigmoid (Keras 2)", func(x float64) float64 { return clip(x/5+0.5, 0, 1) },
		func(y float64) float64 { return pick(y > 0 && y < 1, 0.2, 0) },
		func(x float64) float64 { return pick(x > -2.5 && x < 2.5, 0.2, 0) },
	},
	ReLU6: {
		"relu6", func(x float64) float64 { return clip(x, 0, 6) },
		func(y float64) float64 { return pick(y > 0 && y < 6, 1, 0) },
		func(x float64) float64 { return pick(x > 0 && x < 6, 1, 0) },
	},
	LeakyReLU: {
		"leaky_relu", func(x float64) float64 { return pick(x > 0, x, leakySlope*x) },
		func(y float64) float64 { return pick(y > 0, 1, leakySlope) },
		func(x float64) float64 { return pick(x > 0, 1, leakySlope) },
	},
	SiLU: {
		"silu", func(x float64) float64 { return x * sigmoid(x) }, nil,
		func(x float64) float64 { s := sigmoid(x); return s + x*s*sigmoid(-x) },
	},
	GELU:     {"gelu", func(x float64) float64 { return x * normalCDF(x) }, nil, geluGrad},
	GELUTanh: {"gelu (approximate)", geluTanh, nil, geluTanhGrad},
	Mish:     {"mish", func(x float64) float64 { return x * math.Tanh(softplus(x)) }, nil, mishGrad},
}

// String is the Keras name.
func (a Activation) String() string {
	if a >= numActivations {
		return fmt.Sprintf("Activation(%d)", uint8(a))
	}
	return activations[a].name
}

// GradFromOutput reports whether ActivationGrad knows the activation, that is, whether the output determines the
// derivative. The others need ActivationGradX.
func (a Activation) GradFromOutput() bool {
	a.check("GradFromOutput")
	return activations[a].gradY != nil
}

func (a Activation) check(kernel string) {
	if a >= numActivations {
		panic(fmt.Sprintf("kernels: %s: unknown activation %d", kernel, uint8(a)))
	}
}

// ActivationForward computes y[i] = act(x[i]). y may alias x. Sigmoid, Tanh and Exponential have the error bounds of math.go;
// all other results are the double precision value rounded to float32.
func ActivationForward(act Activation, x, y []float32) {
	act.check("ActivationForward")
	exactly("ActivationForward", "y", len(y), len(x))
	activation(act, x, y)
}

// activationGo is the loop of ActivationForward.
func activationGo(act Activation, x, y []float32) {
	switch act {
	case Linear:
		copy(y, x)
	case ReLU:
		for i, v := range x {
			if v < 0 {
				v = 0
			}
			y[i] = v
		}
	default:
		f := activations[act].f
		for i, v := range x {
			y[i] = float32(f(float64(v)))
		}
	}
}

// ActivationGrad computes dx[i] = dy[i]·act'(x[i]) from the output y[i] = act(x[i]). dx may alias dy. Where the
// derivative of ReLU is zero, dx is zero even if dy is infinite or NaN. It panics unless act.GradFromOutput().
func ActivationGrad(act Activation, y, dy, dx []float32) {
	if !act.GradFromOutput() {
		panic(fmt.Sprintf("kernels: ActivationGrad: the output of %v does not determine its derivative; use ActivationGradX", act))
	}
	exactly("ActivationGrad", "dy", len(dy), len(y))
	exactly("ActivationGrad", "dx", len(dx), len(y))
	activationGrad(act, y, dy, dx)
}

// activationGradGo is the loop of ActivationGrad.
func activationGradGo(act Activation, y, dy, dx []float32) {
	switch act {
	case Linear:
		copy(dx, dy)
	case ReLU:
		for i, v := range y {
			d := dy[i]
			if !(v > 0) {
				d = 0
			}
			dx[i] = d
		}
	default:
		g := activations[act].gradY
		for i, v := range y {
			dx[i] = float32(float64(dy[i]) * g(float64(v)))
		}
	}
}

// ActivationGradX computes dx[i] = dy[i]·act'(x[i]) from the input x. dx may alias dy.
func ActivationGradX(act Activation, x, dy, dx []float32) {
	act.check("ActivationGradX")
	exactly("ActivationGradX", "dy", len(dy), len(x))
	exactly("ActivationGradX", "dx", len(dx), len(x))
	switch act {
	case Linear, ReLU: // x > 0 exactly where y > 0
		activationGrad(act, x, dy, dx)
	default:
		g := activations[act].gradX
		for i, v := range x {
			dx[i] = float32(float64(dy[i]) * g(float64(v)))
		}
	}
}

func pick(cond bool, a, b float64) float64 {
	if cond {
		return a
	}
	return b
}

func clip(x, lo, hi float64) float64 {
	switch {
	case x < lo:
		return lo
	case x > hi:
		return hi
	}
	return x // also NaN
}

func one(float64) float64        { return 1 }
func relu(x float64) float64     { return pick(x < 0, 0, x) }
func positive(x float64) float64 { return pick(x > 0, 1, 0) }
func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }

// softplus is log(1 + exp(x)) without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// normalCDF is the distribution function of the standard normal distribution.
func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func geluGrad(x float64) float64 {
	return normalCDF(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
}

// geluTanhCubic is the cubic coefficient of the approximation of Hendrycks and Gimpel (2016).
const geluTanhCubic = 0.044715

func geluTanh(x float64) float64 {
	return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+geluTanhCubic*x*x*x)))
}

func geluTanhGrad(x float64) float64 {
	t := math.Tanh(math.Sqrt(2/math.Pi) * (x + geluTanhCubic*x*x*x))
	return 0.5*(1+t) + 0.5*x*(1-t*t)*math.Sqrt(2/math.Pi)*(1+3*geluTanhCubic*x*x)
}

func mishGrad(x float64) float64 {
	t := math.Tanh(softplus(x))
	return t + x*(1-t*t)*sigmoid(x)
}
