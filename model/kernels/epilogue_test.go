package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestDenseDropout: a product with activation and dropout has the bits of the three one after the other, whatever columns are
// computed together.
func TestDenseDropout(t *testing.T) {
	drop := Drop{Seed: 3, Counter: 4, Rate: 0.3}
	eachVariant(t, func(t *testing.T) {
		d := draw(8)
		for _, s := range []struct{ m, n, k int }{{5, 7, 3}, {1, 100, 20}, {70, 33, 64}, {600, 40, 9}, {6, 50, 0}} {
			x, w, bias := d.fill(make([]float32, s.m*s.k)), d.fill(make([]float32, s.k*s.n)), d.fill(make([]float32, s.n))
			ws := make([]float32, DenseWorkspace(s.m, s.n, s.k))
			for _, act := range []Activation{Linear, ReLU, Sigmoid} {
				want := make([]float32, s.m*s.n)
				Dense(s.m, s.n, s.k, x, w, bias, act, Drop{}, want, ws)
				Dropout(drop, want, want)
				var g guards
				y := g.output("y", s.m*s.n, 3)
				Dense(s.m, s.n, s.k, x, w, bias, act, drop, y, ws)
				g.intact(t, "Dense")
				parts := make([]float32, s.m*s.n)
				DenseColumns(s.m, s.n, s.k, s.n/3, s.n, x, w, bias, act, drop, parts, ws)
				DenseColumns(s.m, s.n, s.k, 0, s.n/3, x, w, bias, act, drop, parts, ws)
				if !slices.Equal(y, want) || !slices.Equal(parts, want) {
					t.Errorf("%v %+v: differs from the dropout of the layer", act, s)
				}
				if dropped := zeros(y); s.m*s.n >= 100 && act == Sigmoid && dropped < s.m*s.n/5 {
					t.Errorf("%v %+v: %d of %d dropped", act, s, dropped, s.m*s.n)
				}
			}
		}
	})
}

func zeros(x []float32) (n int) {
	for _, v := range x {
		if v == 0 {
			n++
		}
	}
	return n
}

// TestConv2DDropout: the same for convolutions by every algorithm: Winograd's, in groups, depthwise and direct.
func TestConv2DDropout(t *testing.T) {
	drop := Drop{Seed: 5, Counter: 6, Rate: 0.4}
	grouped, depthwise := squareConv(3, 8, 6, 3, 8, 1, true), squareConv(3, 8, 5, 3, 5, 1, true)
	grouped.Groups, depthwise.Groups = 2, 5
	shapes := []*Conv2DShape{squareConv(7, 18, 16, 3, 32, 1, true), squareConv(3, 9, 5, 3, 40, 2, false), grouped, depthwise}
	eachVariant(t, func(t *testing.T) {
		d := draw(9)
		for _, s := range shapes {
			x, k, bias := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK())), d.fill(make([]float32, s.F))
			ws := make([]float32, Conv2DWorkspace(s))
			for _, act := range []Activation{Linear, ReLU, Tanh} {
				want := make([]float32, s.sizeY())
				Conv2D(s, x, k, bias, act, Drop{}, want, ws, Around{})
				Dropout(drop, want, want)
				var g guards
				y := g.output("y", s.sizeY(), 1)
				Conv2D(s, x, k, bias, act, drop, y, ws, Around{})
				g.intact(t, "Conv2D")
				if !slices.Equal(y, want) {
					t.Errorf("%v %+v: differs from the dropout of the layer", act, *s)
				}
				if dropped := zeros(y); act == Tanh && dropped < len(y)/4 {
					t.Errorf("%v %+v: %d of %d dropped", act, *s, dropped, len(y))
				}
			}
		}
	})
}

// TestActivationBiasGrad: one sweep gives the bits of the two or three gradients one after the other, in place too, for all
// lengths of short rows and for rows wider than a block, with NaN and infinities among them.
func TestActivationBiasGrad(t *testing.T) {
	drop := Drop{Seed: 7, Counter: 8, Rate: 0.25}
	shapes := []struct{ rows, n int }{{0, 5}, {300, 32}, {129, 10}, {40, sumColumns}, {9, sumColumns + 37}, {5, 2*sumColumns + 1}}
	for n := range 68 {
		shapes = append(shapes, struct{ rows, n int }{1 + n%4, n})
	}
	eachVariant(t, func(t *testing.T) {
		d := draw(10)
		for _, s := range shapes {
			for _, act := range []Activation{Linear, ReLU, Sigmoid, Tanh, ELU} {
				for _, rate := range []float32{0, drop.Rate} {
					if rate != 0 && act != ReLU {
						continue
					}
					size := s.rows * s.n
					y, dy := make([]float32, size), d.fill(make([]float32, size))
					ActivationForward(act, d.fill(make([]float32, size)), y)
					for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
						if size > 30 {
							y[d.intn(size)], dy[d.intn(size)] = float32(v), float32(math.Copysign(v, float64(i-1)))
						}
					}
					if rate != 0 {
						Dropout(drop, y, y)
					}
					wantZ, wantB := make([]float32, size), make([]float32, s.n)
					if rate != 0 {
						ReLUDropoutGrad(rate, y, dy, wantZ)
					} else {
						ActivationGrad(act, y, dy, wantZ)
					}
					sums := make([]float64, BiasSums(s.n))
					BiasGradSums(s.rows, s.n, wantZ, sums)
					BiasGrad(sums, wantB)

					var g guards
					dz, db := g.output("dz", size, d.intn(9)), g.output("db", s.n, d.intn(9))
					clear(sums)
					ActivationBiasGrad(act, rate, s.rows, s.n, g.input("y", y, d.intn(9)), g.input("dy", dy, d.intn(9)), dz, sums)
					BiasGrad(sums, db)
					what := fmt.Sprintf("%v, rate %v, %d x %d", act, rate, s.rows, s.n)
					g.intact(t, what)
					inPlace, again := slices.Clone(dy), make([]float32, s.n)
					clear(sums)
					ActivationBiasGrad(act, rate, s.rows, s.n, y, inPlace, inPlace, sums)
					BiasGrad(sums, again)
					for _, got := range [][2][]float32{{dz, db}, {inPlace, again}} {
						sameFloats(t, what+": dz", got[0], wantZ)
						sameFloats(t, what+": db", got[1], wantB)
					}
				}
			}
		}
	})
}

func TestActivationBiasGradIsChecked(t *testing.T) {
	x, sums := make([]float32, 6), make([]float64, BiasSums(3))
	for name, f := range map[string]func(){
		"dropout behind tanh": func() { ActivationBiasGrad(Tanh, 0.5, 2, 3, x, x, x, sums) },
		"rate":                func() { ActivationBiasGrad(ReLU, 1, 2, 3, x, x, x, sums) },
		"gradient from input": func() { ActivationBiasGrad(GELU, 0, 2, 3, x, x, x, sums) },
		"y":                   func() { ActivationBiasGrad(ReLU, 0, 2, 3, x[:5], x, x, sums) },
		"sums":                func() { ActivationBiasGrad(ReLU, 0, 2, 3, x, x, x, sums[:2]) },
	} {
		if panics(f) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
