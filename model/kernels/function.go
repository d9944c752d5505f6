package kernels

import (
	"fmt"
	"math"
)

// A Function is an element-wise function that no other kernel applies to its result: one of the rarer activations, beside
// Activation, or an elementary function.
type Function uint8

// The functions, as Keras defines them.
const (
	HardSiLU          Function = iota // x·clip(x/6 + 1/2, 0, 1), also called hard swish
	HardTanh                          // clip(x, -1, 1)
	HardShrink                        // x where |x| > 1/2, else 0
	SoftShrink                        // x - 1/2 for x > 1/2, x + 1/2 for x < -1/2, else 0
	TanhShrink                        // x - tanh(x)
	LogSigmoid                        // log(sigmoid(x))
	SparsePlus                        // 0 for x <= -1, (x+1)²/4 for x < 1, else x
	SparseSigmoid                     // 0 for x <= -1, 1 for x >= 1, else (x+1)/2
	SquarePlus                        // (x + √(x² + 4))/2
	Absolute                          // |x|, with the derivative 0 at 0
	Cosine                            // cos(x)
	Logarithm                         // log(x)
	Reciprocal                        // 1/x
	ReciprocalRoot                    // 1/√x
	Root                              // √x
	Sine                              // sin(x)
	Truncate                          // x without its fraction, with the derivative 0
	Ceiling                           // the least whole number from x on, with the derivative 0
	HyperbolicCosine                  // cosh(x)
	ExponentialMinus1                 // exp(x) - 1
	Floor                             // the largest whole number up to x, with the derivative 0
	Logarithm1Plus                    // log(1 + x)
	Round                             // to the nearest whole number, halves to the even one, with the derivative 0
	Sign                              // -1, 0 or 1, with the derivative 0
	HyperbolicSine                    // sinh(x)
	numFunctions
)

// shrinkage is the threshold of HardShrink and SoftShrink.
const shrinkage = 0.5

// functions is the table of all functions with their derivatives, in double precision: a new one is a constant and a row
// here.
//
// Source: keras/src/backend/tensorflow/nn.py; of the elementary ones tensorflow/python/ops/math_grad.py.
var functions = [numFunctions]struct {
	name    string
	f, grad func(x float64) float64
}{
	HardSiLU: {
		"hard_silu", func(x float64) float64 { return x * clip(x/6+0.5, 0, 1) },
		func(x float64) float64 { return clip(x/6+0.5, 0, 1) + pick(x > -3 && x < 3, x/6, 0) },
	},
	HardTanh: {
		"hard_tanh", func(x float64) float64 { return clip(x, -1, 1) },
		func(x float64) float64 { return pick(x >= -1 && x <= 1, 1, 0) },
	},
	HardShrink: {
		"hard_shrink", func(x float64) float64 { return pick(math.Abs(x) <= shrinkage, 0, x) },
		func(x float64) float64 { return pick(math.Abs(x) <= shrinkage, 0, 1) },
	},
	SoftShrink: {
		"soft_shrink", func(x float64) float64 { return x - clip(x, -shrinkage, shrinkage) },
		func(x float64) float64 { return pick(math.Abs(x) <= shrinkage, 0, 1) },
	},
	TanhShrink: {
		"tanh_shrink", func(x float64) float64 { return x - math.Tanh(x) },
		func(x float64) float64 { t := math.Tanh(x); return t * t },
	},
	LogSigmoid: {
		"log_sigmoid", func(x float64) float64 { return -softplus(-x) },
		func(x float64) float64 { return sigmoid(-x) },
	},
	SparsePlus: {
		"sparse_plus", func(x float64) float64 { return pick(x <= -1, 0, pick(x < 1, (x+1)*(x+1)/4, x)) },
		func(x float64) float64 { return clip((x+1)/2, 0, 1) },
	},
	SparseSigmoid: {
		"sparse_sigmoid", func(x float64) float64 { return clip((x+1)/2, 0, 1) },
		func(x float64) float64 { return pick(x > -1 && x < 1, 0.5, 0) },
	},
	SquarePlus: {
		"squareplus", func(x float64) float64 { return (x + math.Sqrt(x*x+4)) / 2 },
		func(x float64) float64 { return (1 + x/math.Sqrt(x*x+4)) / 2 },
	},
	Absolute:          {"abs", math.Abs, sign},
	Cosine:            {"cos", math.Cos, func(x float64) float64 { return -math.Sin(x) }},
	Logarithm:         {"log", math.Log, func(x float64) float64 { return 1 / x }},
	Reciprocal:        {"reciprocal", func(x float64) float64 { return 1 / x }, func(x float64) float64 { return -1 / (x * x) }},
	ReciprocalRoot:    {"rsqrt", func(x float64) float64 { return 1 / math.Sqrt(x) }, func(x float64) float64 { return -0.5 / (x * math.Sqrt(x)) }},
	Root:              {"sqrt", math.Sqrt, func(x float64) float64 { return 0.5 / math.Sqrt(x) }},
	Sine:              {"sin", math.Sin, math.Cos},
	Truncate:          {"truncate", math.Trunc, flat},
	Ceiling:           {"ceil", math.Ceil, flat},
	HyperbolicCosine:  {"cosh", math.Cosh, math.Sinh},
	ExponentialMinus1: {"expm1", math.Expm1, math.Exp},
	Floor:             {"floor", math.Floor, flat},
	Logarithm1Plus:    {"log1p", math.Log1p, func(x float64) float64 { return 1 / (1 + x) }},
	Round:             {"round", math.RoundToEven, flat},
	Sign:              {"sign", sign, flat},
	HyperbolicSine:    {"sinh", math.Sinh, math.Cosh},
}

// flat is the derivative of what does not change with small changes of x.
func flat(float64) float64 { return 0 }

// sign is -1, 0 or 1; NaN stays NaN.
func sign(x float64) float64 { return pick(x > 0, 1, pick(x < 0, -1, 0*x)) }

// String is the Keras name.
func (f Function) String() string {
	if f >= numFunctions {
		return fmt.Sprintf("Function(%d)", uint8(f))
	}
	return functions[f].name
}

func (f Function) check(kernel string) {
	if f >= numFunctions {
		panic(fmt.Sprintf("kernels: %s: unknown function %d", kernel, uint8(f)))
	}
}

// FunctionForward computes y[i] = f(x[i]), the double precision value rounded to float32. y may alias x.
func FunctionForward(f Function, x, y []float32) {
	f.check("FunctionForward")
	exactly("FunctionForward", "y", len(y), len(x))
	value := functions[f].f
	for i, v := range x {
		y[i] = float32(value(float64(v)))
	}
}

// FunctionGrad computes dx[i] = dy[i]·f'(x[i]) from the input x. dx may alias dy.
func FunctionGrad(f Function, x, dy, dx []float32) {
	f.check("FunctionGrad")
	exactly("FunctionGrad", "dy", len(dy), len(x))
	exactly("FunctionGrad", "dx", len(dx), len(x))
	grad := functions[f].grad
	for i, v := range x {
		dx[i] = float32(float64(dy[i]) * grad(float64(v)))
	}
}
