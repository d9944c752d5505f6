package kernels

import (
	"fmt"
	"math"
	"testing"
)

// An optimizerCase is a sweep over weights, gradients and states, and one element of it in double precision as Keras 3
// writes it. The values are w, g, then the states; the function returns the new w and states.
type optimizerCase struct {
	name   string
	states int
	sweep  func(v [][]float32)
	exact  func(w, g float64, s []float64) (float64, []float64)
}

const (
	lr, rho, momentum, epsilon = 0.01, 0.9, 0.8, 1e-7
	beta1, beta2               = 0.9, 0.999
)

var optimizerCases = []optimizerCase{
	{
		"SGD", 0, func(v [][]float32) { SGD(v[0], v[1], lr) },
		func(w, g float64, s []float64) (float64, []float64) { return w - lr*g, nil },
	},
	{
		"SGDMomentum", 1, func(v [][]float32) { SGDMomentum(v[0], v[1], v[2], lr, momentum, false) },
		func(w, g float64, s []float64) (float64, []float64) {
			m := momentum*s[0] - lr*g
			return w + m, []float64{m}
		},
	},
	{
		"SGDMomentum nesterov", 1, func(v [][]float32) { SGDMomentum(v[0], v[1], v[2], lr, momentum, true) },
		func(w, g float64, s []float64) (float64, []float64) {
			m := momentum*s[0] - lr*g
			return w + momentum*m - lr*g, []float64{m}
		},
	},
	{
		"RMSprop", 1, func(v [][]float32) { RMSprop(v[0], v[1], v[2], nil, nil, lr, rho, 0, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			q := rho*s[0] + (1-rho)*g*g
			return w - lr*g/math.Sqrt(q+epsilon), []float64{q}
		},
	},
	{
		"RMSprop with momentum, centered", 3, func(v [][]float32) { RMSprop(v[0], v[1], v[2], v[3], v[4], lr, rho, momentum, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			q, a := rho*s[0]+(1-rho)*g*g, rho*s[2]+(1-rho)*g
			m := momentum*s[1] + lr*g/math.Sqrt(q-a*a+epsilon)
			return w - m, []float64{q, m, a}
		},
	},
	{
		"Adam", 2, func(v [][]float32) { Adam(v[0], v[1], v[2], v[3], lr, beta1, beta2, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			m, v := s[0]+(g-s[0])*(1-beta1), s[1]+(g*g-s[1])*(1-beta2)
			return w - lr*m/(math.Sqrt(v)+epsilon), []float64{m, v}
		},
	},
	{
		"AMSGrad", 3, func(v [][]float32) { AMSGrad(v[0], v[1], v[2], v[3], v[4], lr, beta1, beta2, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			m, v := s[0]+(g-s[0])*(1-beta1), s[1]+(g*g-s[1])*(1-beta2)
			top := math.Max(s[2], v)
			return w - lr*m/(math.Sqrt(top)+epsilon), []float64{m, v, top}
		},
	},
	{
		"Adagrad", 1, func(v [][]float32) { Adagrad(v[0], v[1], v[2], lr, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			q := s[0] + g*g
			return w - lr*g/math.Sqrt(q+epsilon), []float64{q}
		},
	},
	{
		"Adadelta", 2, func(v [][]float32) { Adadelta(v[0], v[1], v[2], v[3], lr, rho, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			q := rho*s[0] + (1-rho)*g*g
			d := -g * math.Sqrt(s[1]+epsilon) / math.Sqrt(q+epsilon)
			return w + lr*d, []float64{q, rho*s[1] + (1-rho)*d*d}
		},
	},
	{
		"Adamax", 2, func(v [][]float32) { Adamax(v[0], v[1], v[2], v[3], lr, beta1, beta2, epsilon) },
		func(w, g float64, s []float64) (float64, []float64) {
			m, u := s[0]+(g-s[0])*(1-beta1), math.Max(beta2*s[1], math.Abs(g))
			return w - lr*m/(u+epsilon), []float64{m, u}
		},
	},
	{
		"Nadam", 2, func(v [][]float32) { Nadam(v[0], v[1], v[2], v[3], lr, beta1, beta2, epsilon, 1.3, 0.7, 1.1) },
		func(w, g float64, s []float64) (float64, []float64) {
			m, v := s[0]+(g-s[0])*(1-beta1), s[1]+(g*g-s[1])*(1-beta2)
			return w - lr*(1.3*m+0.7*g)/(math.Sqrt(1.1*v)+epsilon), []float64{m, v}
		},
	},
	{
		"Ftrl", 2, func(v [][]float32) { Ftrl(v[0], v[1], v[2], v[3], FtrlOptions{lr, -0.5, 0.1, 0.2, 0.3, 0.4}) },
		func(w, g float64, s []float64) (float64, []float64) {
			q := s[0] + g*g
			z := s[1] + g + 2*0.3*w - (math.Sqrt(q)-math.Sqrt(s[0]))/lr*w
			quadratic := math.Sqrt(q)/lr + 2*(0.2+0.4/(2*lr))
			return (math.Max(math.Min(z, 0.1), -0.1) - z) / quadratic, []float64{q, z}
		},
	},
}

func TestOptimizers(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for _, c := range optimizerCases {
			for n := range 68 {
				var g guards
				v, before := make([][]float32, 2+c.states), make([][]float32, 2+c.states)
				for i := range v {
					before[i] = d.fill(make([]float32, n))
					if i >= 2 { // states: positive where they are squares, and above the squared mean gradient
						for j := range before[i] {
							before[i][j] = 1.5 + before[i][j]/4
						}
						if i == 4 {
							scaleGo(0.1, before[i], before[i])
						}
					}
					if i == 1 {
						v[i] = g.input("g", before[i], d.intn(9))
						continue
					}
					v[i] = g.output(fmt.Sprint("value ", i), n, d.intn(9))
					copy(v[i], before[i])
				}
				c.sweep(v)
				what := fmt.Sprintf("%s n=%d", c.name, n)
				g.intact(t, what)
				for j := range n {
					s := make([]float64, c.states)
					for i := range s {
						s[i] = float64(before[2+i][j])
					}
					w, after := c.exact(float64(before[0][j]), float64(before[1][j]), s)
					// Weights and states are of the size of 1 (Ftrl's linear term: of 100) and take a few roundings; velocities of 1.8 come into them.
					if !within(v[0][j], w, 6*eps*max(1, math.Abs(w))) {
						t.Fatalf("%s: weight %d = %v, want %v", what, j, v[0][j], w)
					}
					for i, want := range after {
						if !within(v[2+i][j], want, 5*eps*max(1, math.Abs(want))) {
							t.Fatalf("%s: state %d of %d = %v, want %v", what, i, j, v[2+i][j], want)
						}
					}
				}
			}
		}
	})
}

// TestOptimizersZeroGradient: a zero gradient on fresh state leaves the weights alone and makes no NaN.
func TestOptimizersZeroGradient(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, c := range optimizerCases {
			if c.name == "Ftrl" { // regularisation moves the weights
				continue
			}
			v := make([][]float32, 2+c.states)
			for i := range v {
				v[i] = make([]float32, 19)
			}
			Fill(0.5, v[0])
			c.sweep(v)
			for j, w := range v[0] {
				if w != 0.5 {
					t.Errorf("%s: weight %d = %v, want 0.5", c.name, j, w)
				}
			}
		}
	})
}
