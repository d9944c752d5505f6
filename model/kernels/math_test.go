package kernels

import (
	"fmt"
	"math"
	"testing"
)

// elementary are the functions with an error bound: in ulp for the assembly variants. The Go variant must round
// correctly but for double rounding.
var elementary = []struct {
	name  string
	f     func(x, y []float32)
	exact func(x float64) float64
	ulps  float64
}{
	{"Exp", Exp, math.Exp, 1},
	{"Log", Log, math.Log, 1},
	{"Sigmoid", func(x, y []float32) { ActivationForward(Sigmoid, x, y) }, stableSigmoid, 2.5},
	{"Tanh", func(x, y []float32) { ActivationForward(Tanh, x, y) }, math.Tanh, 2.5},
	{"Exponential", func(x, y []float32) { ActivationForward(Exponential, x, y) }, math.Exp, 1},
}

func stableSigmoid(x float64) float64 {
	e := math.Exp(-math.Abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// TestElementaryError walks through float32 in steps that meet every exponent and every low bit.
func TestElementaryError(t *testing.T) {
	const step = 9973 // a prime: 430,000 values
	eachVariant(t, func(t *testing.T) {
		for _, e := range elementary {
			limit := e.ulps
			if active == variantGo {
				limit = 0.5 + 1e-6
			}
			x, y := make([]float32, 0, 1<<19), make([]float32, 1<<19)
			for bits := uint64(0); bits < 1<<32; bits += step {
				x = append(x, math.Float32frombits(uint32(bits)))
			}
			for v := float32(-20); v < 20; v += 0.001 { // where networks live
				x = append(x, v)
			}
			x = append(x, specials...)
			y = y[:len(x)]
			e.f(x, y)
			worst, at := 0.0, float32(0)
			for i, v := range x {
				if u := ulps(y[i], e.exact(float64(v))); u > worst {
					worst, at = u, v
				}
			}
			if worst > limit {
				t.Errorf("%s(%v): off by %v ulp, want at most %v", e.name, at, worst, limit)
			}
			t.Logf("%s: worst %.4f ulp at %v", e.name, worst, at)
		}
	})
}

// TestElementaryLengths: the result of an element does not depend on where it stands.
func TestElementaryLengths(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for _, e := range elementary {
			for n := range 68 {
				for _, offset := range []int{0, 1, 7} {
					values := make([]float32, n)
					for i := range values {
						values[i] = 10 * d.float()
						if i%5 == 4 {
							values[i] = specials[d.intn(len(specials))]
						}
					}
					var g guards
					x := g.input("x", values, offset)
					y := g.output("y", n, d.intn(9))
					e.f(x, y)
					g.intact(t, fmt.Sprintf("%s of %d", e.name, n))
					for i, v := range values {
						one := []float32{v}
						e.f(one, one) // in place
						if math.Float32bits(one[0]) != math.Float32bits(y[i]) && y[i] == y[i] {
							t.Fatalf("%s: element %d of %d is %v, alone it is %v", e.name, i, n, y[i], one[0])
						}
					}
				}
			}
		}
	})
}
