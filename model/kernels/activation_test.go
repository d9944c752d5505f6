package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// activationPoints are inputs around every kink and far out.
var activationPoints = []float32{-30, -7, -3.1, -2.9, -2.6, -2.4, -1, -0.3, -1e-4, 1e-4, 0.2, 0.9, 1, 2.4, 2.6, 2.9, 3.1, 5.9, 6.1, 8, 30}

func TestActivationForward(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for act := range numActivations {
			want, bound := make([]float64, len(activationPoints)), make([]float64, len(activationPoints))
			for i, x := range activationPoints {
				want[i] = activations[act].f(float64(x))
				bound[i] = 5*eps*math.Abs(want[i]) + tiny // 2.5 ulp
			}
			y := make([]float32, len(activationPoints))
			ActivationForward(act, activationPoints, y)
			compare(t, act.String(), y, want, bound)
			copy(y, activationPoints)
			ActivationForward(act, y, y)
			compare(t, act.String()+" in place", y, want, bound)
		}
	})
}

// TestActivationDefinitions pins each activation to values computed independently in double precision.
func TestActivationDefinitions(t *testing.T) {
	for _, c := range []struct {
		act  Activation
		x, y float64
	}{
		{Linear, -1.5, -1.5},
		{ReLU, -1.5, 0},
		{ReLU, 1.5, 1.5},
		{Sigmoid, 1, 0.7310585786300049},
		{Tanh, 1, 0.7615941559557649},
		{ELU, -1, -0.6321205588285577},
		{ELU, 2, 2},
		{SELU, -1, -1.1113307378125625},
		{SELU, 1, 1.0507009873554805},
		{Softplus, 1, 1.3132616875182228},
		{Softplus, -30, 9.357622968839299e-14},
		{Softsign, -3, -0.75},
		{Exponential, -2, 0.1353352832366127},
		{HardSigmoid, 1, 0.6666666666666666},
		{HardSigmoid, 4, 1},
		{HardSigmoidV2, 1, 0.7},
		{HardSigmoidV2, -2.6, 0},
		{ReLU6, 7, 6},
		{LeakyReLU, -1, -0.2},
		{SiLU, 1, 0.7310585786300049},
		{GELU, 1, 0.8413447460685429},
		{GELUTanh, 1, 0.8411919906082768},
		{Mish, 1, 0.8650983882673103},
	} {
		if got := activations[c.act].f(c.x); math.Abs(got-c.y) > 1e-15*max(1, math.Abs(c.y)) && math.Abs(got-c.y) > 1e-15*math.Abs(c.y) {
			t.Errorf("%v(%v) = %v, want %v", c.act, c.x, got, c.y)
		}
	}
}

// TestActivationDerivatives compares both derivatives of every activation with a difference quotient.
func TestActivationDerivatives(t *testing.T) {
	const h = 1e-5
	for act := range numActivations {
		spec := activations[act]
		for _, p := range activationPoints {
			x := float64(p)
			want := (spec.f(x+h) - spec.f(x-h)) / (2 * h)
			// The third derivatives are below 10·exp(x), the differences carry the rounding of f.
			tolerance := 1e-9*math.Max(1, math.Abs(want)) + 1e-10*math.Abs(spec.f(x))
			if got := spec.gradX(x); math.Abs(got-want) > tolerance {
				t.Errorf("%v: gradX(%v) = %v, difference quotient %v", act, x, got, want)
			}
			if act.GradFromOutput() {
				if got := spec.gradY(spec.f(x)); math.Abs(got-want) > tolerance {
					t.Errorf("%v: gradY at x = %v is %v, difference quotient %v", act, x, got, want)
				}
			}
		}
	}
}

func TestActivationGrad(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for act := range numActivations {
			for n := range 68 {
				x := make([]float32, n)
				for i := range x {
					x[i] = 4 * d.float()
				}
				y := make([]float32, n)
				ActivationForward(act, x, y)
				dy := d.fill(make([]float32, n))
				check := func(what string, in []float32, gradient func(in, dy, dx []float32), slope func(float64) float64) {
					want, bound := make([]float64, n), make([]float64, n)
					for i, v := range in {
						want[i] = float64(dy[i]) * slope(float64(v))
						bound[i] = 4 * eps * math.Abs(float64(dy[i])) * max(1, math.Abs(slope(float64(v))))
					}
					var g guards
					dx := g.output("dx", n, d.intn(9))
					gradient(g.input("in", in, d.intn(9)), g.input("dy", dy, d.intn(9)), dx)
					what = fmt.Sprintf("%s of %v, n=%d", what, act, n)
					g.intact(t, what)
					compare(t, what, dx, want, bound)
					copy(dx, dy)
					gradient(in, dx, dx)
					compare(t, what+" in place", dx, want, bound)
				}
				check("ActivationGradX", x, func(in, dy, dx []float32) { ActivationGradX(act, in, dy, dx) }, activations[act].gradX)
				if act.GradFromOutput() {
					check("ActivationGrad", y, func(in, dy, dx []float32) { ActivationGrad(act, in, dy, dx) }, activations[act].gradY)
				}
			}
		}
	})
}

// TestReLUDropoutGrad: one sweep gives the bits of the two gradients one after the other.
func TestReLUDropoutGrad(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachVariant(t, func(t *testing.T) {
		d := draw(2)
		for n := range 68 {
			x, dy := d.fill(make([]float32, n)), d.fill(make([]float32, n))
			for i, v := range []float32{nan, inf, -inf} {
				if n > 8*i+7 {
					x[8*i], dy[8*i+7] = v, v
				}
			}
			relu, y := make([]float32, n), make([]float32, n)
			ActivationForward(ReLU, x, relu)
			Dropout(Drop{7, uint64(n), 0.3}, relu, y)
			want := make([]float32, n)
			Dropout(Drop{7, uint64(n), 0.3}, dy, want)
			ActivationGrad(ReLU, relu, want, want)

			var g guards
			dx := g.output("dx", n, d.intn(9))
			ReLUDropoutGrad(0.3, g.input("y", y, d.intn(9)), g.input("dy", dy, d.intn(9)), dx)
			g.intact(t, "ReLUDropoutGrad")
			inPlace := slices.Clone(dy)
			ReLUDropoutGrad(0.3, y, inPlace, inPlace)
			for i, v := range want {
				for _, got := range []float32{dx[i], inPlace[i]} {
					if got != v && !(got != got && v != v) {
						t.Errorf("n=%d: gradient %d at y = %v is %v, want %v", n, i, y[i], got, v)
					}
				}
			}
		}
	})
}

// TestReLUSpecialValues: NaN is kept, and a gradient that does not pass is zero whatever it is.
func TestReLUSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negativeZero := float32(math.Copysign(0, -1))
	eachVariant(t, func(t *testing.T) {
		x := []float32{nan, inf, -inf, negativeZero, 0, -1, 2}
		y := make([]float32, len(x))
		ActivationForward(ReLU, x, y)
		dx := make([]float32, len(x))
		ActivationGrad(ReLU, y, []float32{1, 2, nan, nan, inf, inf, nan}, dx)
		wantY := []float32{nan, inf, 0, negativeZero, 0, 0, 2}
		wantDX := []float32{0, 2, 0, 0, 0, 0, nan}
		for i := range x {
			if y[i] != wantY[i] && !(y[i] != y[i] && wantY[i] != wantY[i]) || math.Signbit(float64(y[i])) != math.Signbit(float64(wantY[i])) {
				t.Errorf("relu(%v) = %v, want %v", x[i], y[i], wantY[i])
			}
			if dx[i] != wantDX[i] && !(dx[i] != dx[i] && wantDX[i] != wantDX[i]) {
				t.Errorf("gradient at y = %v is %v, want %v", y[i], dx[i], wantDX[i])
			}
		}
	})
}

func TestActivationGradNeedsOutput(t *testing.T) {
	one := []float32{1}
	for act := range numActivations {
		got := panics(func() { ActivationGrad(act, one, one, make([]float32, 1)) }) != nil
		if got == act.GradFromOutput() {
			t.Errorf("%v: ActivationGrad panics: %v, GradFromOutput: %v", act, got, act.GradFromOutput())
		}
	}
}
