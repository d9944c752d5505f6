package kernels

import "math"

// The elementary functions are, in the Go variant, the double precision function rounded to float32. The assembly variants
// have the error bounds below, in units in the last place of the result:
//
//	Exp, ActivationForward(Exponential)   1
//	Log                                   1
//	ActivationForward(Sigmoid)            2.5
//	ActivationForward(Tanh)               2.5
//
// NaN gives NaN, results too large give +Inf, and subnormal arguments and results are handled in full.

// Exp computes y[i] = exp(x[i]); y may alias x.
func Exp(x, y []float32) {
	exactly("Exp", "y", len(y), len(x))
	exp(x, y)
}

func expGo(x, y []float32) {
	for i, v := range x {
		y[i] = float32(math.Exp(float64(v)))
	}
}

// Log computes the natural logarithm y[i] = log(x[i]); y may alias x. log(0) = -Inf; a negative x gives NaN.
func Log(x, y []float32) {
	exactly("Log", "y", len(y), len(x))
	log(x, y)
}

func logGo(x, y []float32) {
	for i, v := range x {
		y[i] = float32(math.Log(float64(v)))
	}
}
